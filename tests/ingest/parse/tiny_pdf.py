"""A PDF writer of a hundred lines: text at a place, in a size, in plain or bold. For tests."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 595, 842


@dataclass(frozen=True)
class Text:
    """One run of text: points from the lower left corner."""

    x: float
    y: float
    text: str
    size: float = 10
    bold: bool = False


def paragraph(x: float, y: float, lines: Sequence[str], *, size: float = 10, bold: bool = False, leading: float = 12) -> list[Text]:
    return [Text(x, y - i * leading, line, size, bold) for i, line in enumerate(lines)]


def _escaped(text: str) -> bytes:
    return text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def content_of(texts: Sequence[Text]) -> bytes:
    """Each run in a text object of its own, in the order given: as many producers write."""
    out = []
    for t in texts:
        font = b"/F2" if t.bold else b"/F1"
        out.append(b"BT %s %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET" % (font, t.size, t.x, t.y, _escaped(t.text)))
    return b"\n".join(out)


def write_pdf(
    pages: Sequence[Sequence[Text]],
    *,
    title: str | None = None,
    language: str | None = None,
    contents: Sequence[bytes] | None = None,
    declared_pages: int | None = None,
) -> bytes:
    """A PDF of these pages. `contents` gives the pages' raw content streams instead; `declared_pages` lies about their number."""
    streams = list(contents) if contents is not None else [content_of(page) for page in pages]
    objects: list[bytes] = []
    kids = b" ".join(b"%d 0 R" % (6 + 2 * i) for i in range(len(streams)))
    catalog = b"<< /Type /Catalog /Pages 2 0 R" + (b" /Lang (%s)" % language.encode() if language else b"") + b" >>"
    objects.append(catalog)
    objects.append(b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, declared_pages or len(streams)))
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>")
    objects.append(b"<< /Title (%s) >>" % _escaped(title or ""))
    for i, stream in enumerate(streams):
        packed = zlib.compress(stream)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents %d 0 R >>"
            % (WIDTH, HEIGHT, 7 + 2 * i)
        )
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed))
    out = bytearray(b"%PDF-1.5\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
