"""No overtaken authority alone, through any door: every one of the corpus, at ten dates, on both tracks."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from functools import cache
from urllib.parse import quote

import bibtexparser
import pytest
from bibtexparser import middlewares
from fastapi.testclient import TestClient
from mcp.client import Client

from api.app import create_app
from api.assessments import assessment_body
from api.mcp import create_server
from kb.domain.documents import Track
from kb.domain.results import Standing, StandingValue
from kb.export.memo import memo_markdown, memo_text
from kb.law.case import Case
from kb.wiring import KnowledgeBase

DAYS = (
    "2018-06-01", "2020-01-01", "2021-07-28", "2022-09-15", "2023-10-01", "2024-01-15", "2024-07-01", "2025-07-23", "2026-03-05",
    "2026-11-01",
)  # fmt: skip
CASES = {
    Track.DUBLIN_TRANSFER: {"nationality": "SY", "member_state": "DK", "status_there": "applicant", "registered_on": "2023-03-01"},
    Track.STATUS_HOLDER: {"nationality": "SY", "member_state": "GR", "status_there": "refugee", "registered_on": "2021-12-01"},
}
Place = tuple[str, Track, str]


@pytest.fixture(scope="module")
def client(light_index: KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(light_index.settings, light_index), base_url="http://127.0.0.1:8000") as opened:
        yield opened


@pytest.fixture(scope="module")
def overtaken(light_index: KnowledgeBase) -> dict[Place, Standing]:
    """Every (day, track, document) at which a document of the corpus is overtaken."""
    view = light_index.view()
    every = [(day, track, document.id) for day in DAYS for track in Track for document in view.library.documents()]
    standings = ((place, view.standing(place[2], dt.date.fromisoformat(place[0]), place[1])) for place in every)
    found = {place: standing for place, standing in standings if standing.value is StandingValue.OVERTAKEN}
    assert len(found) > 40
    assert {place[1] for place in found} == set(Track)
    return found


def names_successor(text: str, standing: Standing) -> bool:
    """Whether the text names what overtook it, by id or by citation."""
    return any(s.document_id in text or s.citation["nl"] in text or s.citation["en"] in text for s in standing.successors)


def test_a_document_and_its_passages_come_with_the_successor(client: TestClient, overtaken: dict[Place, Standing]) -> None:
    for (day, track, document_id), standing in overtaken.items():
        where = f"as_of={day}&track={track}"
        whole = client.get(f"/api/v1/documents/{quote(document_id, safe='')}?{where}").json()
        assert (whole["standing"]["value"] if isinstance(whole["standing"], dict) else whole["standing"]) == "overtaken", document_id
        assert names_successor(json.dumps(whole, ensure_ascii=False), standing), (document_id, day)


def test_a_search_for_it_shows_the_successor_beside_it(client: TestClient, overtaken: dict[Place, Standing]) -> None:
    for (day, track, document_id), standing in overtaken.items():
        body = client.get("/api/v1/search", params={"q": document_id, "as_of": day, "track": str(track), "limit": 20}).json()
        ids = [hit["document"]["id"] for hit in body["hits"]]
        if document_id in ids:
            held = {s.document_id for s in standing.successors}
            assert held & set(ids) or names_successor(json.dumps(body["hits"], ensure_ascii=False), standing), (document_id, day)


@pytest.mark.parametrize("kind", ["md", "txt"])
def test_an_export_of_all_of_them_names_every_successor(client: TestClient, overtaken: dict[Place, Standing], kind: str) -> None:
    for day in DAYS:
        for track in Track:
            ids = [place[2] for place in overtaken if place[:2] == (day, track)]
            if not ids:
                continue
            asked = {"ids": ids, "as_of": day, "track": str(track), "lang": "nl", "format": kind}
            answer = client.post("/api/v1/export", json=asked)
            assert answer.status_code == 200, answer.text
            for document_id in ids:
                assert names_successor(answer.text, overtaken[day, track, document_id]), (document_id, day, track)


@pytest.mark.parametrize("style", ["nl", "ris", "bibtex", "csl-json"])
def test_a_reference_to_it_names_the_successor(client: TestClient, overtaken: dict[Place, Standing], style: str) -> None:
    for (day, _, document_id), standing in {
        (DAYS[-1], None, place[2]): s for place, s in overtaken.items() if place[0] == DAYS[-1]
    }.items():
        text = client.get(f"/api/v1/export/{quote(document_id, safe='')}?style={style}&as_of={day}").text
        if style == "bibtex":
            entries = bibtexparser.parse_string(text, append_middleware=[middlewares.LatexDecodingMiddleware()]).entries
            text = " ".join(str(field.value) for entry in entries for field in entry.fields)
        plain = text.replace("\\", "")
        assert names_successor(plain, standing), (document_id, text)


def test_the_legal_tests_as_json_name_the_successor_of_each(client: TestClient, overtaken: dict[Place, Standing]) -> None:
    seen = 0
    for day in DAYS:
        for framework in ("indirect-refoulement", "ibrahim-threshold"):
            for track in Track:
                answer = client.get(f"/api/v1/frameworks/{framework}", params={"as_of": day, "track": str(track)})
                if answer.status_code == 404:
                    continue
                for item in authorities(answer.json()):
                    if item["standing"] == "overtaken":
                        seen += 1
                        assert item["successor"]["document_id"], item
    assert seen >= 5


def authorities(body: object) -> Iterator[dict[str, object]]:
    if isinstance(body, dict):
        if {"document_id", "standing", "successor"} <= set(body):
            yield body
        for value in body.values():
            yield from authorities(value)
    elif isinstance(body, list):
        for value in body:
            yield from authorities(value)


@pytest.mark.parametrize("track", list(Track), ids=str)
@pytest.mark.parametrize("day", ["2022-09-15", "2024-07-01", "2026-11-01"])
def test_an_assessment_its_json_and_its_memo_name_the_successor(light_index: KnowledgeBase, day: str, track: Track) -> None:
    found = light_index.assess(Case.parse(CASES[track]), as_of=dt.date.fromisoformat(day), today=dt.date(2026, 11, 24), language="nl")
    gone = {a.document_id: a.standing for a in found.authorities() if a.standing and a.standing.value is StandingValue.OVERTAKEN}
    hits = [hit.hit for e in found.elements for hit in (*e.supporting, *e.contrary)]
    gone |= {hit.document.id: hit.standing for hit in hits if hit.standing.value is StandingValue.OVERTAKEN}
    texts = (json.dumps(assessment_body(found, "nl"), ensure_ascii=False), memo_markdown(found, "nl"), memo_text(found, "nl", width=10_000))
    for document_id, standing in gone.items():
        for text in texts:
            assert names_successor(text.replace("\\", ""), standing), document_id


def test_an_assistant_is_told_the_successor(light_index: KnowledgeBase, overtaken: dict[Place, Standing]) -> None:
    view = light_index.view()

    @cache
    def first_passage(document_id: str) -> str:
        key = view.library.expressions(document_id, with_text=False)[0].key
        return view.library.passages(key)[0].id

    async def walk() -> int:
        seen = 0
        async with Client(create_server(light_index)) as assistant:
            for (day, _, document_id), standing in overtaken.items():
                if day != DAYS[-1]:
                    continue
                result = await assistant.call_tool("open_passage", {"id": first_passage(document_id), "as_of": day})
                told = str(result.content[0].text)  # type: ignore[union-attr]
                assert names_successor(told, standing), document_id
                seen += 1
        return seen

    assert asyncio.run(walk()) > 5
