"""Pinned passages, search results and hearing bundles as files: nothing dropped, nothing overtaken alone, the same bytes again."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
import rispy
from fastapi.testclient import TestClient

from api.app import create_app
from kb.export.references import RIS_MAPPING
from kb.wiring import KnowledgeBase
from tests import factories
from tests.factories import COURT_OF_JUSTICE, HOSTILE, MARK, NEW_TEST, OLD_TEST

DAY = "2026-11-01"
PLACE = f"{COURT_OF_JUSTICE}#para-90"
WORDS = "That threshold is reached where the indifference of the authorities would leave a person wholly dependent on State support"
OLD, NEW = "ABRvS 6 juli 2022, ECLI:NL:RVS:2022:9001", "ABRvS 12 juni 2024, nr. 202400001/1/V2"


def posted(client: TestClient, path: str = "export", **asked: Any) -> Any:
    return client.post(f"/api/v1/{path}", json={"as_of": DAY, "lang": "nl", **asked})


def text_of(content: bytes) -> str:
    """The words of a Word file, footnotes behind them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        notes = archive.read("word/footnotes.xml").decode()
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells, notes])


@pytest.mark.parametrize("path", ["export", "bundle"])
@pytest.mark.parametrize("kind", ["docx", "md", "txt"])
def test_a_passage_leaves_word_for_word_with_its_citation(client: TestClient, path: str, kind: str) -> None:
    answer = posted(client, path, ids=[PLACE], format=kind)
    assert answer.status_code == 200, answer.text
    text = " ".join((text_of(answer.content) if kind == "docx" else answer.text).split())
    assert WORDS in text
    assert "HvJ EU 19 maart 2019, C-900/17, ECLI:EU:C:2019:9002, punt 90" in text
    assert "officiële tekst" in text
    assert answer.headers["content-disposition"].endswith(f'-{DAY}.{kind}"')
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["export", "bundle"])
@pytest.mark.parametrize("kind", ["docx", "md", "txt"])
def test_an_overtaken_authority_never_leaves_alone(client: TestClient, path: str, kind: str) -> None:
    answer = posted(client, path, ids=[f"{OLD_TEST}#holding"], format=kind)
    text = text_of(answer.content) if kind == "docx" else answer.text.replace("\\", "")
    assert f"{NEW_TEST}#holding" in text, "the successor's own passage"
    text = " ".join(text.split())
    assert text.count(OLD) <= text.count(NEW)
    assert "in de plaats kwam van" in text


@pytest.mark.parametrize("style", ["ris", "bibtex", "csl-json"])
def test_the_record_of_an_overtaken_authority_says_so_and_its_successor_follows(client: TestClient, style: str) -> None:
    text = posted(client, ids=[OLD_TEST], format=style).text
    assert f"Verlaten in Dublinzaken door {NEW}" in text
    if style == "csl-json":
        assert [entry["number"] for entry in json.loads(text)] == ["202106999/1/V3", "202400001/1/V2"]
    if style == "ris":
        assert [entry["case_number"] for entry in rispy.loads(text, mapping=dict(RIS_MAPPING))] == ["202106999/1/V3", "202400001/1/V2"]
        assert text.startswith("TY  - CASE")


def test_a_successor_that_was_chosen_itself_stands_once_and_where_it_was_put(client: TestClient) -> None:
    text = posted(client, ids=[f"{NEW_TEST}#holding", f"{OLD_TEST}#holding"], format="md").text
    assert text.count("\n## 1. ABRvS 12 juni 2024") == 1
    assert text.count("\n## 2. ABRvS 6 juli 2022") == 1
    assert "\n## 3. " not in text


def test_before_it_was_overtaken_it_stands_alone(client: TestClient) -> None:
    text = posted(client, ids=[f"{OLD_TEST}#holding"], format="md", as_of="2023-01-01").text
    assert "12 juni 2024" not in text


@pytest.mark.parametrize("path", ["export", "bundle"])
@pytest.mark.parametrize("kind", ["docx", "md", "txt"])
def test_the_same_input_gives_the_same_bytes(client: TestClient, path: str, kind: str) -> None:
    ids = [PLACE, f"{OLD_TEST}#ro-1", f"{HOSTILE}#ro-1"]
    assert posted(client, path, ids=ids, format=kind).content == posted(client, path, ids=ids, format=kind).content


def test_a_digest_is_marked_as_one(client: TestClient) -> None:
    for path in ("export", "bundle"):
        assert "samenvatting in eigen woorden, geen citaat" in posted(client, path, ids=[f"{OLD_TEST}#ro-1"], format="md").text


def test_what_is_not_held_is_shown_and_not_dropped(client: TestClient) -> None:
    text = posted(client, ids=[PLACE, "ECLI:NL:RVS:1999:7#ro-1"], format="md").text
    assert "## Niet (meer) in dit corpus" in text
    assert "ECLI:NL:RVS:1999:7" in text
    for asked in ({"ids": ["ECLI:NL:RVS:1999:7#ro-1"]}, {"ids": [PLACE, "ECLI:NL:RVS:1999:7"], "format": "ris"}):
        refused = posted(client, **asked)
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


def test_a_bundle_leads_from_its_contents_to_each_piece(client: TestClient) -> None:
    content = posted(client, "bundle", ids=[PLACE, f"{OLD_TEST}#holding"]).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        body = archive.read("word/document.xml").decode()
    for number in (1, 2, 3):
        assert f'w:anchor="tab_{number}"' in body
        assert f'w:name="tab_{number}"' in body
        assert f"PAGEREF tab_{number}" in body
    text = text_of(content)
    assert "The applicant submits that Greece offers no housing at all." in text, "what stands around the passage"
    assert "achterhaald" in text


def test_a_bundle_holds_the_page_of_a_pdf_as_text_and_as_picture(tmp_path: Path) -> None:
    """The file is read by the real pipeline; its first page holds the passage, its second does not."""
    from ingest.pipeline import Pipeline
    from ingest.reader import ChildReader
    from kb.adapters.hashing import HashingEmbedder
    from kb.adapters.memory import MemoryEngine
    from tests.ingest.parse.tiny_pdf import Text, write_pdf

    lines = ["1. De overdracht aan Italie is niet onrechtmatig.", "2. De vreemdeling krijgt daar opvang en rechtsbijstand."]
    pages = [[Text(72, 700 - 20 * n, line) for n, line in enumerate(lines)], [Text(72, 700, "3. Het beroep is ongegrond verklaard.")]]
    (tmp_path / "brief.pdf").write_bytes(write_pdf(pages))
    settings = factories.settings(tmp_path / "var")
    engine = MemoryEngine()
    with ChildReader() as read:
        Pipeline(settings, embedder=HashingEmbedder, engine=engine, read=read).ingest([str(tmp_path / "brief.pdf")])
    base = KnowledgeBase(settings, embedder=HashingEmbedder(), engine=engine)
    library = base.view().library
    (document,) = [d for d in library.documents() if d.is_file]
    passage = next(p for p in library.passages(document.id) if "opvang" in p.text)
    client = TestClient(create_app(settings, base), base_url="http://127.0.0.1:8000")
    first, again = (posted(client, "bundle", ids=[passage.id]) for _ in range(2))
    assert first.status_code == 200, first.text
    assert first.content == again.content
    text = " ".join(text_of(first.content).split())
    assert "De overdracht aan Italie is niet onrechtmatig." in text
    assert "ongegrond verklaard" not in text
    assert "Afbeelding van de bron, bladzijde 1" in text
    with zipfile.ZipFile(io.BytesIO(first.content)) as archive:
        (picture,) = [name for name in archive.namelist() if name.startswith("word/media/")]
        assert archive.read(picture).startswith(b"\x89PNG")
        assert 'descr="Afbeelding van de bron, bladzijde 1' in archive.read("word/document.xml").decode()


def test_the_results_of_a_search_leave_with_their_question(client: TestClient) -> None:
    asked = {"q": OLD_TEST, "as_of": DAY, "lang": "nl"}
    got = client.get("/api/v1/search/export", params={**asked, "format": "md"})
    assert got.status_code == 200, got.text
    assert OLD in got.text
    assert NEW in got.text
    posted_ = client.post("/api/v1/search/export", json={**asked, "format": "md"})
    assert posted_.text == got.text
    nothing = client.get("/api/v1/search/export", params={"q": MARK, "format": "md", "lang": "en"})
    assert "No passage in this corpus belongs to this question." in nothing.text


def test_the_form_of_a_page_gives_the_same_file(client: TestClient) -> None:
    sent = client.post("/export", data={"id": [PLACE, f"{OLD_TEST}#holding"], "format": "md", "as_of": DAY, "lang": "nl"})
    assert sent.status_code == 200, sent.text
    assert sent.text == posted(client, ids=[PLACE, f"{OLD_TEST}#holding"], format="md").text
    bundled = client.post("/export", data={"id": [PLACE], "bundle": "1", "format": "md", "as_of": DAY, "lang": "nl"})
    assert bundled.text == posted(client, "bundle", ids=[PLACE], format="md").text
    wrong = client.post("/export", data={"id": [PLACE], "format": "odt"})
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"ids": []}, 422), ({"ids": ["x"] * 201}, 422), ({"ids": [PLACE], "format": "odt"}, 422), ({"ids": [PLACE], "more": 1}, 422)],
    ids=["no-ids", "too-many", "unknown-format", "unknown-field"],
)
def test_what_cannot_be_exported_is_told(client: TestClient, asked: dict[str, Any], status: int) -> None:
    answer = posted(client, **asked)
    assert (answer.status_code, answer.json()["code"]) == (status, "invalid-request")


def test_an_address_that_no_browser_may_open_does_not_leave(client: TestClient) -> None:
    for style in ("ris", "bibtex", "csl-json", "md"):
        assert "UR  - javascript" not in posted(client, ids=[HOSTILE], format=style).text
        assert "{javascript:" not in posted(client, ids=[HOSTILE], format=style).text
    assert "javascript:alert(9)" not in posted(client, "bundle", ids=[HOSTILE], format="md").text


def test_a_plain_citation_of_an_overtaken_authority_has_a_second_line(client: TestClient) -> None:
    lines = client.get(f"/api/v1/export/{OLD_TEST}", params={"as_of": DAY}).text.splitlines()
    assert lines[0] == OLD
    assert NEW in lines[1]
    assert client.get(f"/api/v1/export/{OLD_TEST}", params={"as_of": "2023-01-01"}).text.splitlines() == [OLD]
