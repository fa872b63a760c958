"""The one XML parser refuses what could reach outside or fill the memory, and forgives what real publishers send."""

import socket
import threading
from pathlib import Path

import pytest

from ingest.parse.xml import attribute, local_name, parse_html, parse_xml
from kb.errors import InputRejected

REAL = Path(__file__).parents[3] / ".." / "shared" / "real"

_BILLION = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY a{i} "{f"&a{i - 1 if i > 1 else str()};" * 10}">'.encode() for i in range(1, 10))
    + b"]><l>&a9;</l>"
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'<!DOCTYPE foo [<!ENTITY x SYSTEM "file:///etc/passwd">]><foo>&x;</foo>', "doctype-refused"),
        (_BILLION, "doctype-refused"),
        (b'<!DOCTYPE q [<!ENTITY a "' + b"a" * 50_000 + b'">]><q>' + b"&a;" * 50_000 + b"</q>", "doctype-refused"),
        (b'<!DOCTYPE html SYSTEM "http://127.0.0.1/x.dtd"><html/>', "doctype-refused"),
        (b'<!-- first --><?x y?>\n<!DOCTYPE akte SYSTEM "akte.dtd"><akte/>', "doctype-refused"),
        (b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x" [<!ENTITY a "b">]><html/>', "doctype-refused"),
        (b'<!DOCTYPE dokument SYSTEM "http://127.0.0.1/dtd/v1/rii-dok.dtd"><dokument/>', "doctype-refused"),
        (
            b'<!DOCTYPE dokument SYSTEM "http://www.rechtsprechung-im-internet.de/dtd/v1/rii-dok.dtd" [<!ENTITY a "b">]><dokument/>',
            "doctype-refused",
        ),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"), "doctype-refused"),
        (b"<a>&unknown;</a>", "not-well-formed"),
        (b"<a><b></a>", "not-well-formed"),
        (b"<a>" * 300 + b"</a>" * 300, "parse-limit"),
        (b"<a>" + b"x" * 11_000_000 + b"</a>", "parse-limit"),
        (b"", "empty"),
        (b"<a>\x00</a>", "binary"),
        (b'<?xml version="1.0"?><a>caf\xe9</a>', "wrong-encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "wrong-encoding"),
    ],
)
def test_a_dangerous_or_broken_file_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(InputRejected) as caught:
        parse_xml(content)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'\n\n<?xml version="1.0" encoding="UTF-8"?><a>x</a>', "x"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<a>\xc3\xa9</a>', "é"),
        ('<?xml version="1.0" encoding="utf-16"?><a>é</a>'.encode("utf-16"), "é"),
        (b'<?xml version="1.0" encoding="utf-16"?><a>x</a>', "x"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9\x92</a>', "é’"),
        (b"<!DOCTYPE html><html>a&nbsp;b &amp; c</html>", "a\u00a0b & c"),
        (
            b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"[]><html>&eacute;</html>',
            "é",
        ),
        (b'<!DOCTYPE dokument SYSTEM "http://www.rechtsprechung-im-internet.de/dtd/v1/rii-dok.dtd">\n<dokument>&sect; 3</dokument>', "§ 3"),
        (b"<a><![CDATA[<!DOCTYPE x [<!ENTITY y 'z'>]>]]></a>", "<!DOCTYPE x [<!ENTITY y 'z'>]>"),
    ],
)
def test_what_publishers_really_send_is_read(content: bytes, text: str) -> None:
    assert "".join(parse_xml(content).itertext()) == text


def test_no_file_makes_the_parser_call_out() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.3)
        port = listener.getsockname()[1]
        calls: list[object] = []

        def wait() -> None:
            try:
                calls.append(listener.accept())
            except TimeoutError:
                return

        thread = threading.Thread(target=wait)
        thread.start()
        for content in (
            f'<!DOCTYPE a SYSTEM "http://127.0.0.1:{port}/x"><a/>',
            f'<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:{port}/x">]><a>&b;</a>',
            f'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:{port}/x"> %b;]><a/>',
        ):
            with pytest.raises(InputRejected):
                parse_xml(content.encode())
        parse_html(f'<link rel="stylesheet" href="http://127.0.0.1:{port}/s.css"><img src="http://127.0.0.1:{port}/i">x'.encode())
        thread.join()
    assert calls == []


def test_a_page_nested_without_end_is_refused() -> None:
    with pytest.raises(InputRejected) as caught:
        parse_html(b"<div>" * 5_000 + b"x")
    assert caught.value.reason == "parse-limit"


def test_a_page_declares_its_own_encoding() -> None:
    root = parse_html('<html><head><meta charset="windows-1252"></head><body><p>één – twee</p></body></html>'.encode("cp1252"))
    assert "één – twee" in "".join(root.itertext())


def test_names_are_compared_without_their_namespace() -> None:
    root = parse_xml(b'<r:Stuk xmlns:r="urn:x" r:Soort="brief"><!-- weg --></r:Stuk>')
    assert (local_name(root), attribute(root, "soort"), len(root)) == ("stuk", "brief", 0)


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="../shared/real is absent")
def test_real_xml_files_are_read() -> None:
    refused = []
    files = sorted(REAL.glob("*/*.xml"))
    small = [path for path in files if path.parent.name in ("rechtspraak-edge", "overheid-xml", "cellar-notice")]
    for path in [*small, *files[::15]]:
        try:
            parse_xml(path.read_bytes())
        except InputRejected as problem:
            refused.append((path.name, problem.reason))
    assert refused == []
