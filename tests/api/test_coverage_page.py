"""The page about ourselves: it counts what is held, repeats the pinned scores to the letter, and says what it does not know."""

import datetime as dt
import json
import tomllib
from pathlib import Path
from statistics import fmean

import pytest
from fastapi.testclient import TestClient
from lxml import html
from lxml.html import HtmlElement

from api.web.coverage_page import accuracy, count
from api.web.i18n import Words
from api.web.pictures import columns
from api.web.report import report_link
from api.web.sources_checked import SourceChecked, sources_checked
from kb.wiring import KnowledgeBase
from tests.factories import REPOSITORY


def page(client: TestClient, language: str = "nl") -> HtmlElement:
    answered = client.get("/coverage", headers={"Accept-Language": language})
    assert answered.status_code == 200
    return html.document_fromstring(answered.text)


def words(node: HtmlElement) -> str:
    return " ".join(node.text_content().split())


def table(tree: HtmlElement, caption: str) -> dict[str, list[str]]:
    found = next(t for t in tree.xpath("//table") if words(t.xpath("./caption")[0]) == caption)
    return {words(row.xpath("./th")[0]): [words(cell) for cell in row.xpath("./td")] for row in found.xpath("./tbody/tr")}


def test_documents_are_counted_by_court_with_official_texts_and_the_newest(client: TestClient) -> None:
    courts = table(page(client), "De vijftien gerechten en instanties met de meeste documenten")
    assert courts["Afdeling bestuursrechtspraak van de Raad van State"] == ["2", "0", "2", "12 juni 2024"]
    assert courts["Court of Justice"] == ["1", "1", "0", "19 maart 2019"]
    assert '<b>Court</b> of "Mischief"' in courts, "a hostile name is text"


def test_documents_are_counted_by_country_language_text_and_check(client: TestClient) -> None:
    tree = page(client, "en")
    assert table(tree, "State whose protection is at issue") == {"Denmark": ["2"], "Greece": ["1"]}
    assert table(tree, "Texts by what they are") == {"Digest": ["6"], "Official text": ["1"], "File": ["1"]}
    assert table(tree, "Documents by check") == {"checked against the source": ["2"], "the text itself is held": ["2"]}


def test_the_chart_of_years_has_the_same_numbers_as_its_table(client: TestClient) -> None:
    tree = page(client)
    years = table(tree, "Per jaar")
    assert years == {"2019": ["1"], "2021": ["1"], "2022": ["1"], "2024": ["1"]}
    assert len(tree.xpath("//svg//rect")) == len(years)
    assert not tree.xpath("//@style")


def test_it_warns_says_what_it_does_not_know_and_how_to_report(client: TestClient) -> None:
    text = words(page(client, "en").xpath("//main")[0])
    assert "Do not lean on the machine" in text
    assert "This installation has not asked any publisher for texts" in text
    assert "Open an issue in the repository of this project" in text
    assert not page(client).xpath("//a[starts-with(@href, 'mailto')]")


def test_the_day_on_which_each_publisher_last_answered_is_what_fetching_kept(tmp_path: Path) -> None:
    from ingest.sources.state import Line, State
    from ingest.sources.wanted import Wanted

    assert sources_checked(tmp_path) == []
    noon = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC).timestamp()
    state = State(tmp_path)
    for number, (status, asked_at) in enumerate((("fetched", noon), ("unchanged", noon + 86_400), ("failed", noon + 999_999))):
        wanted = Wanted(f"ECLI:NL:RVS:2022:{number}", "rechtspraak", "xml", None)
        state.put(wanted, Line(wanted.document_id, "xml", "rechtspraak", status, asked_at))  # type: ignore[arg-type]
    state.note(Wanted("ECLI:EU:C:2019:1", "cellar", "nl", None))
    state.close()
    assert sources_checked(tmp_path) == [SourceChecked("rechtspraak", dt.date(2026, 11, 21), held=2, failed=1)], "asking is not an answer"
    (tmp_path / "fetch.sqlite").write_bytes(b"damaged" * 1000)
    assert sources_checked(tmp_path) == []


def test_the_operators_address_for_reports_is_linked_and_nothing_else_is(base: KnowledgeBase) -> None:
    told = "ECLI:NL:RVS:2022:1864 · digest-nl, versie 1"
    by_mail = report_link("fouten@example.org", told, Words("nl"))
    assert by_mail is not None
    assert by_mail.href.startswith("mailto:fouten@example.org?subject=")
    assert "ECLI%3ANL%3ARVS%3A2022%3A1864" in by_mail.href
    at = report_link("https://example.org/issues", told, Words("nl"))
    assert at is not None
    assert (at.href, at.text) == ("https://example.org/issues", "Meld het bij example.org")
    assert report_link(None, told, Words("nl")) is None
    assert report_link("javascript:alert(1)", told, Words("nl")) is None
    assert report_link("a@b?bcc=x@example.org", told, Words("nl")) is None


def test_the_scores_are_those_that_the_harness_pinned(client: TestClient) -> None:
    pinned = tomllib.loads((REPOSITORY / "evals" / "collections" / "asylum-dev" / "expected.toml").read_text())
    text = words(page(client, "en").xpath("//section[@aria-labelledby='accuracy']")[0])
    assert f"{pinned['measures']['nDCG@10']:.2f}" in text
    scores, by_language = accuracy(REPOSITORY / "evals" / "collections")
    own = next(score for score in scores if score.collection == "asylum-dev")
    assert own.ndcg == pinned["measures"]["nDCG@10"]
    assert own.questions == len(pinned["questions"]) == sum(n for _, n, _ in by_language)
    dutch = next(mean for code, _, mean in by_language if code == "nl")
    queries = (REPOSITORY / "evals" / "collections" / "asylum-dev" / "queries.jsonl").read_text().splitlines()
    asked = [query["qid"] for query in map(json.loads, queries) if query["lang"] == "nl" and query["qid"] in pinned["questions"]]
    assert dutch == pytest.approx(fmean(pinned["questions"][qid] for qid in asked))


def test_without_the_harness_beside_it_no_score_is_made_up(tmp_path: Path) -> None:
    assert accuracy(tmp_path) == ([], [])
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "expected.toml").write_text("date = ")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "expected.toml").write_text('date = "2026-01-01"')
    assert accuracy(tmp_path) == ([], [])


def test_years_without_documents_are_counted_as_none(base: KnowledgeBase) -> None:
    held = count(base.view())
    assert dict(held.years)[2020] == 0
    assert held.documents == 4
    assert held.undated == 0


def test_the_tallest_column_is_the_year_with_the_most() -> None:
    made = columns([("2019", 1), ("2020", 0), ("2021", 4)])
    assert made is not None
    heights = {bar.label: bar.height for bar in made.bars}
    assert heights["2021"] > heights["2019"] > heights["2020"] == 0
    assert columns([]) is None
    assert columns([("2020", 0)]) is None
