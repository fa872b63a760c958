"""The draft check through its doors: JSON, files, page and command line. What was sent is nowhere kept."""

import io
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from kb.wiring import KnowledgeBase
from tests import factories
from tests.factories import COURT_OF_JUSTICE, MARK, OLD_TEST
from tests.ingest.parse.tiny_pdf import Text, write_pdf

DRAFT = f"De toets staat in ABRvS 7 juli 2022, {OLD_TEST}, r.o. 1. Zie ook HvJ EU 19 maart 2019, {COURT_OF_JUSTICE}."
DAY = "2026-11-01"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word(text: str, *notes: str) -> bytes:
    """A small .docx: one paragraph with its notes called at the end."""
    calls = "".join(f'<w:r><w:footnoteReference w:id="{n}"/></w:r>' for n in range(1, len(notes) + 1))
    listed = "".join(f'<w:footnote w:id="{n}"><w:p><w:r><w:t>{note}</w:t></w:r></w:p></w:footnote>' for n, note in enumerate(notes, 1))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "word/document.xml", f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r>{calls}</w:p></w:body></w:document>'
        )
        archive.writestr("word/footnotes.xml", f'<w:footnotes xmlns:w="{W}">{listed}</w:footnotes>')
    return file.getvalue()


def test_a_pasted_draft_is_checked_part_by_part(client: TestClient) -> None:
    answer = client.post("/api/v1/check", json={"text": DRAFT, "as_of": DAY})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    first = body["citations"][0]
    assert (first["id"], first["found"], first["verdict"]) == (OLD_TEST, True, "differs")
    assert DRAFT[first["start_char"] : first["end_char"]] == first["text"]
    date = next(check for check in first["checks"] if check["what"] == "date")
    assert (date["verdict"], date["printed"], date["right"]) == ("differs", "7 juli 2022", "2022-07-06")
    assert body["text"] is None
    assert body["summary"]["citations"] == len(body["citations"]) == 2


def test_the_text_comes_back_only_when_asked(client: TestClient) -> None:
    body = client.post("/api/v1/check", json={"text": DRAFT, "with_text": True}).json()
    assert body["text"] == DRAFT


def test_a_word_file_is_read_with_its_footnotes(client: TestClient) -> None:
    content = word("De Afdeling heeft haar toets uiteengezet", f"ABRvS 6 juli 2022, {OLD_TEST}.")
    answer = client.post("/api/v1/check", files={"file": ("concept.docx", content)}, data={"as_of": DAY, "with_text": "true"})
    assert answer.status_code == 200, answer.text
    (citation,) = answer.json()["citations"]
    assert citation["note"] == "1"
    assert citation["id"] == OLD_TEST
    assert "[^1]: ABRvS" in answer.json()["text"]


def test_a_pdf_is_read_with_its_citations_broken_over_lines(client: TestClient) -> None:
    lines = [
        "De Afdeling heeft haar toets uiteengezet in de uitspraak van",
        "7 juli 2022,",
        "ECLI:NL:RVS:",
        "2022:9001, r.o. 1. Daaraan is voldaan.",
    ]
    content = write_pdf([[Text(72, 700 - 14 * n, line) for n, line in enumerate(lines)]])
    answer = client.post("/api/v1/check", files={"file": ("concept.pdf", content)}, data={"as_of": DAY, "with_text": "true"})
    assert answer.status_code == 200, answer.text
    (citation,) = answer.json()["citations"]
    assert citation["id"] == OLD_TEST
    date = next(check for check in citation["checks"] if check["what"] == "date")
    assert (date["verdict"], date["right"]) == ("differs", "2022-07-06")
    assert answer.json()["text"][citation["start_char"] : citation["end_char"]] == citation["text"]


def test_a_markdown_file_is_read_with_its_notes(client: TestClient) -> None:
    text = f"Het vertrouwensbeginsel geldt.[^1]\n\n[^1]: ABRvS 6 juli 2022, {OLD_TEST}.\n"
    (citation,) = client.post("/api/v1/check", files={"file": ("concept.md", text.encode())}, data={"as_of": DAY}).json()["citations"]
    assert (citation["id"], citation["note"]) == (OLD_TEST, "1")


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"json": {"text": ""}}, 422, "invalid-request"),
        ({"json": {"text": "x", "surprise": 1}}, 422, "invalid-request"),
        ({"json": {"text": "x", "as_of": "2026-02-30"}}, 400, "invalid-identifier"),
        ({"content": b"text=x", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400, "body-invalid"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 422, "invalid-request"),
        ({"files": {"file": ("a.docx", b"PK\x03\x04 no archive")}}, 422, "input-rejected"),
        ({"files": {"file": ("a.png", b"\x89PNG\r\n")}}, 422, "input-rejected"),
        ({"json": {"text": "x" * 3_000_000}}, 413, "body-too-large"),
    ],
)
def test_what_is_no_draft_is_refused_with_a_code(client: TestClient, request_: dict[str, object], status: int, code: str) -> None:
    answer = client.post("/api/v1/check", **request_)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_nothing_of_a_draft_is_kept_or_logged(
    client: TestClient, base: KnowledgeBase, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    client.post("/api/v1/check", json={"text": f"{MARK} {DRAFT}"})
    client.post("/api/v1/check", files={"file": ("concept.txt", f"{MARK} {DRAFT}".encode())})
    client.post("/api/v1/check", json={"text": MARK, "as_of": MARK})
    client.post("/check", files={"file": ("concept.docx", word(MARK))})
    written = "".join(capfd.readouterr()) + caplog.text
    assert MARK not in written
    kept = [path for path in base.settings.data_dir.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]
    assert kept == []


def test_the_page_shows_the_right_value_beside_the_wrong_one(client: TestClient) -> None:
    empty = client.get("/check?lang=nl")
    assert empty.status_code == 200
    assert 'enctype="multipart/form-data"' in empty.text
    page = client.post("/check?lang=nl", files={"text": (None, DRAFT), "as_of": (None, DAY)})
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "7 juli 2022" in page.text
    assert "2022-07-06" in page.text
    assert "wijkt af" in page.text


def test_a_page_says_why_a_file_was_refused(client: TestClient) -> None:
    page = client.post("/check?lang=en", files={"file": ("a.png", b"\x89PNG\r\n")})
    assert page.status_code == 422
    assert "This kind of file is not read" in page.text


def test_the_command_ends_with_one_where_something_differs(base: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.cli import app

    monkeypatch.setattr("kb.wiring.open_knowledge_base", lambda: base)
    file = tmp_path / "concept.md"
    file.write_text(DRAFT, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(file), "--as-of", DAY, "--lang", "nl"])
    assert done.exit_code == 1, done.output
    assert "2022-07-06" in done.output
    right = CliRunner().invoke(app, ["check", "-", "--json"], input="Zonder vindplaatsen.")
    assert right.exit_code == 0
    assert '"citations": []' in right.output


def test_a_marker_word_is_in_no_document() -> None:
    assert all(MARK not in str(entry) for entry in factories.ENTRIES)
