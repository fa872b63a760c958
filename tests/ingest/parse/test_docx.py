"""Word files: their text with its notes, and archives that would not end well (threat T8)."""

import io
import struct
import zipfile

import pytest

from ingest.parse.docx import PARSER, read_word
from ingest.parse.registry import sniff
from kb.domain.documents import Voice
from kb.errors import InputRejected

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def document(body: str) -> str:
    return f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'


def paragraph(runs: str) -> str:
    return f"<w:p>{runs}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def archive(entries: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return file.getvalue()


def note(kind: str, number: int, text: str) -> str:
    return f'<w:{kind} w:id="{number}"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:{kind}>'


def test_notes_stand_where_they_are_called_and_follow_at_the_end() -> None:
    body = paragraph(
        run("Eerste") + '<w:r><w:footnoteReference w:id="7"/></w:r>' + run(" en tweede") + '<w:r><w:endnoteReference w:id="2"/></w:r>'
    )
    footnotes = f'<w:footnotes xmlns:w="{W}"><w:footnote w:type="separator" w:id="0"/>{note("footnote", 7, "Noot onder.")}</w:footnotes>'
    endnotes = f'<w:endnotes xmlns:w="{W}">{note("endnote", 2, "Noot achteraan.")}</w:endnotes>'
    read = read_word(archive({"word/document.xml": document(body), "word/footnotes.xml": footnotes, "word/endnotes.xml": endnotes}))
    assert read.text == "Eerste[^1] en tweede[^2]\n\n[^1]: Noot onder.\n[^2]: Noot achteraan."
    assert read.notes == 2


def test_deleted_text_is_out_inserted_text_and_tables_are_in() -> None:
    body = paragraph(f"<w:del>{run('weg')}</w:del><w:ins>{run('erbij')}</w:ins>")
    body += f"<w:tbl><w:tr><w:tc>{paragraph(run('cel'))}</w:tc></w:tr></w:tbl>"
    assert read_word(archive({"word/document.xml": document(body)})).text == "erbij\n\ncel"


def test_the_archives_own_table_says_where_the_document_is() -> None:
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document2.xml"/>'
        "</Relationships>"
    )
    content = archive({"_rels/.rels": relations, "word/document2.xml": document(paragraph(run("hier")))})
    assert read_word(content).text == "hier"


def _overlapping() -> bytes:
    """Two entries of the directory that lead to one entry's bytes."""
    content = bytearray(archive({"word/document.xml": document(paragraph(run("x" * 500))), "word/second.xml": "y" * 500}))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = struct.pack("<I", 0)
    return bytes(content)


BOMB = document(paragraph(run("a" * 30_000_000)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (archive({f"word/{n}.xml": "x" for n in range(2001)}), "too-many-entries"),
        (archive({"word/document.xml": BOMB}), "archive-limit"),
        (archive({"word/document.xml": document(""), "word/inner.zip": archive({"a": "b"})}), "nested-archive"),
        (archive({"word/document.xml": archive({"a": "b"})}, zipfile.ZIP_STORED), "nested-archive"),
        (archive({"../../etc/passwd": "x", "word/other.xml": "y"}), "not-word"),
        (_overlapping(), "overlapping-entries"),
        (archive({"word/document.xml": document(paragraph(run("x")))})[:-30], "not-a-zip"),
        (archive({"word/document.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]>" + document("")}), "doctype-refused"),
        (archive({"word/document.xml": "<w:document"}), "not-well-formed"),
        (archive({"word/document.xml": '<x:workbook xmlns:x="y"/>'}), "not-word"),
    ],
)
def test_an_archive_that_is_no_honest_word_file_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(InputRejected) as refused:
        read_word(content)
    assert refused.value.reason == reason


def test_a_size_that_lies_is_counted_while_reading() -> None:
    content = bytearray(archive({"word/document.xml": BOMB}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(signature)
        content[at + offset : at + offset + 4] = struct.pack("<I", 100)
    with pytest.raises(InputRejected) as refused:
        read_word(bytes(content))
    assert refused.value.reason in {"archive-limit", "archive-broken", "not-well-formed"}


def test_a_deeply_nested_file_is_refused_or_read_but_never_crashes() -> None:
    deep = "<w:p>" + "<w:r>" * 5000 + "<w:t>x</w:t>" + "</w:r>" * 5000 + "</w:p>"
    with pytest.raises(InputRejected):  # the XML library stops at 256 levels
        read_word(archive({"word/document.xml": document(deep)}))


def test_a_word_file_becomes_a_document_with_passages() -> None:
    content = archive({"word/document.xml": document(paragraph(run("Dit is een notitie over overdracht aan een andere lidstaat.")) * 3)})
    assert sniff(content[:4096], "notitie.docx").name == "docx"
    (parsed,) = PARSER.parse(content, "notitie.docx")
    assert parsed.parser == "docx/2"
    assert parsed.passages
    assert all(parsed.text[p.start : p.end].strip() for p in parsed.passages)


def test_a_word_file_of_strasbourg_is_cited_by_its_paragraphs() -> None:
    lines = (
        "CASE OF EXAMPLE v. RURITANIA",
        "(Application no. 12345/29)",
        "In the case of Example v. Ruritania,",
        "THE FACTS",
        "1.\u00a0\u00a0The applicant lived in a tent.",
        "THE LAW",
        "A.\u00a0\u00a0The Court’s assessment",
        "2.\u00a0\u00a0The Court finds that a tent is not a house.",
    )
    content = archive({"word/document.xml": document("".join(paragraph(run(line)) for line in lines))})
    (parsed,) = PARSER.parse(content, "001-999005.docx")
    numbered = {p.pinpoint.slug: (p.voice, p.heading_path) for p in parsed.passages if p.pinpoint}
    assert numbered["para-1"] == (Voice.FACTS, ("THE FACTS",))
    assert numbered["para-2"] == (Voice.COURT, ("THE LAW", "A.\u00a0\u00a0The Court’s assessment"))
    assert parsed.metadata.case_numbers == ["12345/29"]
