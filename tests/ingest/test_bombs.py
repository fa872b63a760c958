"""Threats T1 and T2: files made to fill the memory or the day of whoever reads them, and what the reader's parent notices of them."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.child import ChildLimits, ChildParser
from kb.errors import InputRejected
from tests.ingest.parse.tiny_pdf import paragraph, write_pdf

GOOD = write_pdf([paragraph(70, 740, ["Een gewone zin op een gewone bladzijde van een rapport."])])
LIMITS = ChildLimits(memory_bytes=700_000_000, cpu_s=1, wall_s=15)
PARENT_GROWTH_BYTES = 50 * 1024 * 1024


def objects(*bodies: bytes, trailer: bytes = b"<< /Root 1 0 R >>") -> bytes:
    """A PDF of these objects, numbered from 1, without a cross-reference table: readers rebuild it."""
    parts = [b"%PDF-1.7\n"]
    parts += [b"%d 0 obj\n%s\nendobj\n" % (number, body) for number, body in enumerate(bodies, 1)]
    return b"".join(parts) + b"trailer\n" + trailer + b"\nstartxref\n0\n%%EOF\n"


def page(contents: bytes, filters: bytes = b"/FlateDecode", extra: bytes = b"") -> bytes:
    return objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter [%s] %s >>\nstream\n%s\nendstream" % (len(contents), filters, extra, contents),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )


def flate(layers: int, size: int, fill: bytes = b" ") -> bytes:
    data = fill * size
    for _ in range(layers):
        data = zlib.compress(data, 9)
    return page(data, b" ".join([b"/FlateDecode"] * layers))


def page_tree(depth: int) -> bytes:
    bodies = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    bodies += [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 3) for number in range(depth)]
    return objects(*bodies, b"<< /Type /Page /MediaBox [0 0 9 9] >>")


def fan_out(levels: int, width: int) -> bytes:
    """Every node of the page tree lists the next one `width` times: width to the power of levels pages."""
    bodies = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    bodies += [b"<< /Type /Pages /Kids [%s] /Count 1 >>" % (b"%d 0 R " % (number + 3) * width) for number in range(levels)]
    return objects(*bodies, b"<< /Type /Page /MediaBox [0 0 9 9] >>")


def form_fan_out(levels: int, width: int) -> bytes:
    """Drawings that each draw the next one many times."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>",
        b"<< /Length 5 >>\nstream\n/X Do\nendstream",
    ]
    draw = b"/X Do " * width
    for number in range(levels):
        bodies.append(
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>" % (number + 6)
            + b" /Length %d >>\nstream\n%s\nendstream" % (len(draw), draw)
        )
    return objects(*bodies, b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 0 >>\nstream\n\nendstream")


def previous_loop() -> bytes:
    body = b"%PDF-1.5\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    table = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 3 /Root 1 0 R /Prev %d >>\n" % len(body)
    return body + table + b"startxref\n%d\n%%%%EOF\n" % len(body)


def character_map(entries: int) -> bytes:
    ranges = b"".join(b"<%04X> <FFFF> <0041>\n" % (number % 256) for number in range(entries))
    packed = zlib.compress(b"/CIDInit begincmap %d beginbfrange\n%s endbfrange endcmap" % (entries, ranges), 9)
    return objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length 30 >>\nstream\nBT /F1 9 Tf (tekst) Tj ET     \nendstream",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 6 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
    )


BOMBS: dict[str, Callable[[], bytes]] = {
    "flate": lambda: flate(1, 90_000_000),
    "triple-flate": lambda: flate(3, 40_000_000),
    "run-length": lambda: page(zlib.compress(b"\x81 " * 3_000_000, 9), b"/FlateDecode /RunLengthDecode"),
    "ascii-hex": lambda: page(zlib.compress(b"20" * 20_000_000, 9), b"/FlateDecode /ASCIIHexDecode"),
    "predictor": lambda: page(
        zlib.compress(bytes(4_000_000), 9), b"/FlateDecode", b"/DecodeParms [<< /Predictor 15 /Columns 1000000000 >>]"
    ),
    "operators": lambda: page(zlib.compress(b"BT /F1 9 Tf (x) Tj ET " * 500_000, 9)),
    "nested-arrays": lambda: page(zlib.compress(b"[" * 300_000, 9)),
    "deep-page-tree": lambda: page_tree(3_000),
    "page-tree-fan-out": lambda: fan_out(5, 30),
    "form-fan-out": lambda: form_fan_out(12, 40),
    "previous-loop": previous_loop,
    "character-map": lambda: character_map(4_000),
}
VERDICTS = {"pdf-limit", "pdf-broken", "needs-ocr", "no-text", "unreadable-text"}


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ChildParser, Path]]:
    good = tmp_path_factory.mktemp("good") / "goed.pdf"
    good.write_bytes(GOOD)
    with ChildParser(LIMITS) as child:
        child.parse("pdf", good)
        yield child, good


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb_ends_in_a_verdict_while_the_parent_stays_as_it_was(reader: tuple[ChildParser, Path], tmp_path: Path, name: str) -> None:
    child, good = reader
    bad = tmp_path / "bom.pdf"
    bad.write_bytes(BOMBS[name]())
    before = resident_bytes()
    with pytest.raises(InputRejected) as refused:
        child.parse("pdf", bad)
    assert refused.value.reason in VERDICTS
    assert resident_bytes() - before < PARENT_GROWTH_BYTES
    assert child.parse("pdf", good)
