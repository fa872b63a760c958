"""References for reference managers through the API, the command line and the pages."""

import json

import pytest
import rispy
from fastapi.testclient import TestClient
from lxml import html
from typer.testing import CliRunner

from kb.export.references import RIS_MAPPING
from kb.wiring import KnowledgeBase
from tests.factories import HOSTILE, OLD_TEST


@pytest.mark.parametrize(
    ("style", "kind", "sign"),
    [
        ("nl", "text/plain", "ABRvS 6 juli 2022"),
        ("oscola", "text/plain", "6 July 2022"),
        ("ris", "application/x-research-info-systems", "SV  - 202106999/1/V3"),
        ("bibtex", "application/x-bibtex", "202106999/1/V3"),
        ("csl-json", "application/vnd.citationstyles.csl+json", '"legal_case"'),
    ],
)
def test_every_style_has_its_media_type(client: TestClient, style: str, kind: str, sign: str) -> None:
    answer = client.get(f"/api/v1/export/{OLD_TEST}", params={"style": style})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert sign in answer.text
    assert ("attachment" in answer.headers.get("content-disposition", "")) == (kind != "text/plain")


def test_an_unknown_style_is_told_which_are_known(client: TestClient) -> None:
    answer = client.get(f"/api/v1/export/{OLD_TEST}", params={"style": "apa"})
    assert answer.status_code == 400
    assert "bibtex" in answer.json()["detail"]


def test_the_command_prints_the_same_record(client: TestClient, base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.cli import app

    monkeypatch.setattr("kb.wiring.open_knowledge_base", lambda: base)
    printed = CliRunner().invoke(app, ["cite", OLD_TEST, "--style", "ris"])
    assert printed.exit_code == 0, printed.output
    (entry,) = rispy.loads(printed.output, mapping=dict(RIS_MAPPING))
    (served,) = rispy.loads(client.get(f"/api/v1/export/{OLD_TEST}?style=ris").text, mapping=dict(RIS_MAPPING))
    assert entry == served


def test_a_documents_page_tells_reference_managers_what_it_is(client: TestClient) -> None:
    tree = html.document_fromstring(client.get(f"/documents/{OLD_TEST}").text)
    tags = {meta.get("name"): meta.get("content") for meta in tree.xpath("//head/meta[@name]")}
    assert tags["DC.identifier"] == OLD_TEST
    assert tags["citation_publication_date"] == "2022/07/06"
    (linked,) = tree.xpath("//script[@type='application/ld+json']")
    assert json.loads(linked.text)["dcterms:identifier"] == OLD_TEST
    assert len(tree.xpath("//a[contains(@href, '/api/v1/export/')]")) == 3


def test_a_hostile_title_cannot_leave_the_data_block(client: TestClient) -> None:
    tree = html.document_fromstring(client.get(f"/documents/{HOSTILE}").text)
    (linked,) = tree.xpath("//script[@type='application/ld+json']")
    assert "<" not in linked.text
    assert json.loads(linked.text)["name"]
