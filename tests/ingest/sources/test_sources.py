"""Each connector against answers in its publisher's shape: what it asks, what it takes, what it refuses."""

import dataclasses
import json
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from ingest.corpus import load_corpus
from ingest.parse.registry import sniff
from ingest.sources.cellar import Cellar
from ingest.sources.client import Client
from ingest.sources.hudoc import Hudoc
from ingest.sources.model import Source, Wanted
from ingest.sources.parliament import Publications, TweedeKamer, dossier_of, paper_id
from ingest.sources.plan import Sources
from ingest.sources.problems import FetchProblem
from ingest.sources.rechtspraak import Rechtspraak, read_feed
from ingest.sources.rijksoverheid import Rijksoverheid
from ingest.sources.rules import SourceRules
from kb.domain.dates import LegalDate, parse_optional
from kb.domain.documents import Document, Kind
from tests.ingest.builds import ROOT
from tests.ingest.sources import shapes
from tests.ingest.sources.replay import Question, Replay, Reply

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def document(id_: str, **more: Any) -> Document:
    given = {"kind": Kind.JUDGMENT, "court": "", "title": id_, "language": "en", **more}
    return Document(id=id_, **given)


def day(text: str) -> LegalDate | None:
    return parse_optional(text)


def parsed_by(found_name: str, content: bytes) -> str:
    return sniff(content[:4096], found_name).name


def query(question: Question) -> dict[str, list[str]]:
    return urllib.parse.parse_qs(urllib.parse.urlsplit(question.path).query)


def only(source: Source, which: Document) -> Wanted:
    texts = source.wanted(which)
    assert texts, f"{source.name} does not serve {which.id}"
    return texts[0]


# ------------------------------------------------------------------------------------------------------------- the catalogue


def test_the_catalogue_is_served_as_the_readme_says(rules: SourceRules) -> None:
    sources = Sources.of(rules)
    served: dict[str, int] = {}
    for held, _, _ in load_corpus(ROOT / "corpus").documents:
        if texts := sources.wanted(held):
            served[texts[0].source] = served.get(texts[0].source, 0) + 1
    assert served["rechtspraak"] >= 100
    assert served["cellar"] >= 25
    assert served["hudoc"] >= 10
    assert served["officielebekendmakingen"] + served["tweedekamer"] >= 6


def test_every_address_in_the_rules_is_on_a_listed_host(rules: SourceRules) -> None:
    addresses = [
        value for table in rules.sections.values() for value in table.values() if isinstance(value, str) and value.startswith("http")
    ]
    assert len(addresses) > 12
    assert [a for a in addresses if urllib.parse.urlsplit(a).hostname not in rules.hosts or not a.startswith("https://")] == []


def test_every_host_has_terms_a_source_and_at_most_one_question_a_second(rules: SourceRules) -> None:
    for host in rules.hosts.values():
        assert host.terms
        assert host.basis in ("documented", "reported")
        assert host.interval_s >= 1


# ---------------------------------------------------------------------------------------------------------------- Rechtspraak


def test_a_ruling_is_fetched_under_its_ecli_and_read_by_its_parser(client: Client, replay: Replay, rules: SourceRules) -> None:
    ecli = "ECLI:NL:RVS:2099:12"
    replay.answer = lambda _: Reply(shapes.ruling(ecli, ["De Afdeling oordeelt."]))
    source = Rechtspraak(rules)
    found = source.fetch(client, only(source, document(ecli)))
    assert replay.paths() == [f"/uitspraken/content?id={ecli}"]
    assert parsed_by(found.file_name, found.answer.content) == "rechtspraak"


def _walk(rules: SourceRules, client: Client, page: int, overlap: int = 1) -> list[str]:
    changed = dataclasses.replace(
        rules, sections={**rules.sections, "rechtspraak": {**rules.sections["rechtspraak"], "page": page, "overlap": overlap}}
    )
    return [entry.ecli for entry in Rechtspraak(changed).entries(client, {"return": ("DOC",)}, "2026-11-24")]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7, 8, 10])
def test_pages_overlap_and_no_ruling_is_lost_or_told_twice(client: Client, replay: Replay, rules: SourceRules, count: int) -> None:
    entries = [(f"ECLI:NL:RBDHA:2099:{n}", "x", f"2026-11-24T10:{n:02}:00Z", None) for n in range(count)]

    def answer(question: Question) -> Reply:
        asked = query(question)
        offset = int(asked["from"][0])
        assert asked["modified"] == ["2026-11-24T00:00:00"]
        assert asked["sort"] == ["ASC"]
        return Reply(shapes.feed(entries[offset : offset + 4], total=count), kind="application/atom+xml")

    replay.answer = answer
    assert _walk(rules, client, page=4) == [entry[0] for entry in entries]


def test_a_feed_that_counts_its_pages_from_one_loses_nothing_either(client: Client, replay: Replay, rules: SourceRules) -> None:
    entries = [(f"ECLI:NL:RBDHA:2099:{n}", "x", f"2026-11-24T10:{n:02}:00Z", None) for n in range(9)]

    def answer(question: Question) -> Reply:
        offset = max(int(query(question)["from"][0]) - 1, 0)
        return Reply(shapes.feed(entries[offset : offset + 4], total=9), kind="application/atom+xml")

    replay.answer = answer
    assert _walk(rules, client, page=4) == [entry[0] for entry in entries]


def test_a_feed_that_gives_fewer_rulings_than_it_announces_is_an_error(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = lambda _: Reply(shapes.feed([("ECLI:NL:RBDHA:2099:1", "x", "2026-11-24T10:00:00Z", None)], total=30))
    with pytest.raises(FetchProblem, match="announces 30 rulings and gives 1"):
        _walk(rules, client, page=4)


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (lambda f: f.replace(b"Aantal gevonden ECLI's: 1", b"Aantal gevonden ECLI's: veel"), "how many"),
        (lambda f: f.replace(b"<entry", b'<entry deleted="maybe"'), "deleted='maybe'"),
        (lambda f: f.replace(b"<updated>2026-11-24T10:00:00Z</updated></entry>", b"</entry>"), "time of its change"),
    ],
    ids=["count", "deletion", "time"],
)
def test_a_feed_of_another_shape_is_an_error(broken: Callable[[bytes], bytes], what: str) -> None:
    good = shapes.feed([("ECLI:NL:RBDHA:2099:1", "x", "2026-11-24T10:00:00Z", None)])
    assert len(read_feed(good, "u")[0]) == 1
    with pytest.raises(FetchProblem, match=what) as caught:
        read_feed(broken(good), "u")
    assert caught.value.reason == "changed-schema"


def _chain(steps: dict[str, str | None]) -> Callable[[Question], Reply]:
    def answer(question: Question) -> Reply:
        ecli = query(question)["id"][0]
        assert query(question)["return"] == ["META"]
        return Reply(shapes.ruling(ecli, [], replaced_by=steps.get(ecli)))

    return answer


A, B, C = (f"ECLI:NL:RBDHA:2099:{n}" for n in (1, 2, 3))


def test_a_chain_of_replacements_is_followed_to_its_end(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = _chain({A: B, B: C})
    assert Rechtspraak(rules).replacement(client, A) == C


def test_without_a_replacement_there_is_none(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = _chain({})
    assert Rechtspraak(rules).replacement(client, A) is None


@pytest.mark.parametrize("steps", [{A: B, B: A}, {A: A}, {A: B, B: C, C: B}], ids=["back", "itself", "later"])
def test_replacements_that_go_round_are_told_apart_from_an_end(
    client: Client, replay: Replay, rules: SourceRules, steps: dict[str, str | None]
) -> None:
    replay.answer = _chain(steps)
    with pytest.raises(FetchProblem) as caught:
        Rechtspraak(rules).replacement(client, A)
    assert caught.value.reason == "replacement-loop"


@pytest.mark.parametrize(
    ("title", "ours"),
    [
        ("Rechtbank Den Haag, 02-01-2025, NL24.12345", True),
        ("Rechtbank Den Haag, 02-01-2025, AWB 14/12595", True),
        ("Raad van State, 02-01-2025, 202104072/1/V3", True),
        ("Raad van State, 02-01-2025, 202104072/1/R3", False),
        ("Rechtbank Den Haag, 02-01-2025, C/09/123456 huurrecht", False),
        ("Rechtbank Den Haag, 02-01-2025, SGR 24/1 Overdracht aan Kroatië onder de Dublinverordening", True),
        ("Rechtbank Den Haag, 02-01-2025, SGR 24/1 Omgevingsvergunning voor een dakkapel", False),
    ],
)
def test_aliens_cases_are_known_by_docket_or_words(rules: SourceRules, title: str, ours: bool) -> None:
    assert rules.concerns_aliens(title) is ours


# --------------------------------------------------------------------------------------------------------------------- CELLAR

IBRAHIM = document(
    "ECLI:EU:C:2019:219",
    case_numbers=("C-297/17", "C-318/17"),
    official_url="https://curia.europa.eu/juris/document/document.jsf?docid=211801",
)
AHY = document("C-359/22", case_numbers=("C-359/22",), official_url="https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:62022CJ0359")


def _cellar(language_of: dict[str, str], form: str = "xhtml") -> Callable[[Question], Reply]:
    def answer(question: Question) -> Reply:
        language = language_of.get(question.headers["accept-language"])
        if language is None or form not in question.headers["accept"]:
            return Reply(b"", 406)
        return Reply(shapes.arrest("C-297/17", None, ["Text."], language=language), kind=question.headers["accept"])

    return answer


def test_a_judgment_is_asked_for_in_its_own_language_and_in_those_of_the_rules(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = _cellar({"eng": "en", "nld": "nl"})
    source = Cellar(rules)
    wanted = source.wanted(IBRAHIM)
    assert [(text.part, text.optional) for text in wanted] == [("en", False), ("nl", True)]
    found = [source.fetch(client, text) for text in wanted]
    assert [f.file_name for f in found] == ["ECLI_EU_C_2019_219.en.xhtml", "ECLI_EU_C_2019_219.nl.xhtml"]
    assert {parsed_by(f.file_name, f.answer.content) for f in found} == {"cjeu"}
    assert replay.paths()[0] == "/resource/ecli/ECLI%3AEU%3AC%3A2019%3A219"
    assert b"Beantwoording" in found[1].answer.content


def test_a_celex_is_asked_for_where_one_is_known(rules: SourceRules) -> None:
    assert {text.hints["celex"] for text in Cellar(rules).wanted(AHY)} == {"62022CJ0359"}


def test_the_next_format_is_asked_for_where_one_is_missing(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = _cellar({"eng": "en"}, form="text/html")
    source = Cellar(rules)
    assert source.fetch(client, only(source, IBRAHIM)).file_name.endswith(".en.html")
    assert [q.headers["accept"] for q in replay.asked] == ["application/xhtml+xml", "text/html"]


def test_formex_is_taken_where_there_is_no_page(client: Client, replay: Replay, rules: SourceRules) -> None:
    text = (ROOT / "tests" / "golden" / "cjeu" / "formex.xml").read_bytes()
    case = "C-1/30"
    replay.answer = lambda q: (
        Reply(text.replace(b"</JUDGMENT>", f"<!-- --><P>{case}</P></JUDGMENT>".encode()))
        if "fmx4" in q.headers["accept"]
        else Reply(b"", 406)
    )
    source = Cellar(rules)
    found = source.fetch(client, only(source, document("ECLI:EU:C:2031:1", case_numbers=(case,), deciding_state="EU")))
    assert found.file_name.endswith(".en.xml")
    assert parsed_by(found.file_name, found.answer.content) == "cjeu"


def test_a_text_that_is_in_no_form_is_not_in_this_language(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = lambda _: Reply(b"", 404)
    source = Cellar(rules)
    with pytest.raises(FetchProblem, match="does not have it"):
        source.fetch(client, only(source, IBRAHIM))
    assert len(replay.asked) == 4


def test_another_case_under_the_address_is_refused(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = lambda _: Reply(shapes.arrest("C-163/17", None, ["Text."]), kind="application/xhtml+xml")
    source = Cellar(rules)
    with pytest.raises(FetchProblem) as caught:
        source.fetch(client, only(source, IBRAHIM))
    assert caught.value.reason == "other-document"


def test_new_decisions_are_asked_for_with_typed_literals_page_by_page(client: Client, replay: Replay, rules: SourceRules) -> None:
    rows = [(f"6202{n % 6}CJ{n:04}", f"ECLI:EU:C:2026:{n}", "2026-11-01") for n in range(7)]

    def answer(question: Question) -> Reply:
        asked = query(question)["query"][0]
        assert '"32013R0604"^^<http://www.w3.org/2001/XMLSchema#string>' in asked
        assert '>= "2026-10-01"^^' in asked
        offset = int(asked.rpartition("OFFSET ")[2])
        return Reply(shapes.sparql(rows[offset : offset + 3]), kind="application/sparql-results+json")

    replay.answer = answer
    changed = dataclasses.replace(rules, sections={**rules.sections, "cellar": {**rules.sections["cellar"], "page": 3}})
    assert [d.ecli for d in Cellar(changed).new_decisions(client, "2026-10-01")] == [row[1] for row in rows]


@pytest.mark.parametrize("body", [b"[]", b'{"head": {}, "results": {}}', b'{"head": {}, "results": {"bindings": [{"celex": 1}]}}', b"nope"])
def test_another_answer_to_the_search_is_an_error_and_not_an_empty_list(
    client: Client, replay: Replay, rules: SourceRules, body: bytes
) -> None:
    replay.answer = lambda _: Reply(body, kind="application/json")
    with pytest.raises(FetchProblem) as caught:
        list(Cellar(rules).new_decisions(client, "2026-10-01"))
    assert caught.value.reason == "changed-schema"


# ---------------------------------------------------------------------------------------------------------------------- HUDOC

MSS = document("ECLI:CE:ECHR:2011:0121JUD003069609", case_numbers=("30696/09",), deciding_state="CE", date=day("2011-01-21"))
TARAKHEL = document("ECHR-29217/12", case_numbers=("29217/12",), deciding_state="CE", date=day("2014-11-04"))


def item(itemid: str, language: str = "ENG", **more: str) -> dict[str, str]:
    return {"itemid": itemid, "languageisocode": language, "ecli": MSS.id, "appno": "30696/09", "kpdate": "21/01/2011 00:00:00", **more}


def _hudoc(items: list[dict[str, str]], application: str = "30696/09") -> Callable[[Question], Reply]:
    def answer(question: Question) -> Reply:
        if question.path.startswith("/app/query/results"):
            return Reply(shapes.hudoc_items(items), kind="application/json")
        return Reply(shapes.strasbourg(application, ["The Court reiterates."]), kind="text/html")

    return answer


def test_a_judgment_is_found_by_its_ecli_and_taken_in_the_court_s_own_language(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = _hudoc([item("001-1000", "TUR"), item("001-2000", "FRE"), item("001-103050")])
    source = Hudoc(rules)
    found = source.fetch(client, only(source, MSS))
    assert found.file_name == "001-103050.html"
    assert 'ecli:"ECLI:CE:ECHR:2011:0121JUD003069609"' in query(replay.asked[0])["query"][0]
    assert parsed_by(found.file_name, found.answer.content) == "hudoc"


def test_an_item_that_the_catalogue_names_needs_no_search(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = _hudoc([])
    source = Hudoc(rules)
    known = dataclasses.replace(MSS, official_url="https://hudoc.echr.coe.int/eng?i=001-103050")
    source.fetch(client, only(source, known))
    assert replay.paths() == ["/app/conversion/docx/html/body?library=ECHR&id=001-103050"]


def test_decision_and_judgment_on_one_application_are_told_apart_by_the_date(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = _hudoc(
        [
            item("001-1111", ecli="", appno="29217/12", kpdate="2013-06-25T00:00:00"),
            item("001-2222", ecli="", appno="29217/12", kpdate="2014-11-04T00:00:00"),
        ],
        "29217/12",
    )
    source = Hudoc(rules)
    assert source.fetch(client, only(source, TARAKHEL)).file_name == "001-2222.html"


def test_two_texts_that_fit_are_not_guessed_between(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = _hudoc([item("001-1111"), item("001-2222")])
    source = Hudoc(rules)
    with pytest.raises(FetchProblem, match="001-1111, 001-2222") as caught:
        source.fetch(client, only(source, MSS))
    assert caught.value.reason == "ambiguous"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "no-text"),
        (b"<div><p>&#160;</p></div>", "no-text"),
        (b"<div><span>30696/09</span></div>", "changed-schema"),
        (shapes.strasbourg("1/99", ["Other."]), "other-document"),
    ],
    ids=["nothing", "blank", "no paragraphs", "another application"],
)
def test_a_fragment_without_the_judgment_is_refused(client: Client, replay: Replay, rules: SourceRules, body: bytes, expected: str) -> None:
    replay.answer = lambda q: Reply(shapes.hudoc_items([item("001-103050")])) if "query" in q.path else Reply(body, kind="text/html")
    source = Hudoc(rules)
    with pytest.raises(FetchProblem) as caught:
        source.fetch(client, only(source, MSS))
    assert caught.value.reason == expected


def test_a_span_with_too_many_rows_is_halved(client: Client, replay: Replay, rules: SourceRules) -> None:
    import datetime as dt

    spans: list[str] = []

    def answer(question: Question) -> Reply:
        asked = query(question)
        span = asked["query"][0].partition("kpdate>=")[2]
        spans.append(span)
        full = "2026-11-01" in span and "2026-11-04T23" in span
        rows = [] if full else [item(f"001-{abs(hash(span)) % 100000:06}", ecli=f"ECLI:CE:ECHR:2026:1101JUD{abs(hash(span)) % 10**9:09}")]
        return Reply(shapes.hudoc_items(rows, count=10_000 if full else 1), kind="application/json")

    replay.answer = answer
    found = list(Hudoc(rules).new_items(client, dt.date(2026, 11, 1), dt.date(2026, 11, 4)))
    assert len(found) == 2
    assert any("2026-11-02T23" in span for span in spans)
    assert any("2026-11-03T00" in span for span in spans)


# ----------------------------------------------------------------------------------------------------------------- parliament


@pytest.mark.parametrize(
    ("which", "paper"),
    [
        (document("kst-30573-195"), "kst-30573-195"),
        (document("Kamerstukken II 2021/22, 19637, 2785", aliases=("kst-19637-2785",)), "kst-19637-2785"),
        (document("x", case_numbers=("Kamerstuk 32317, nr. 719",)), "kst-32317-719"),
        (document("Kamerstukken II 2022/23, 30 573, nr. 195"), "kst-30573-195"),
        (document("kst-35000-VI-12"), "kst-35000-VI-12"),
        (document("kst-36867-B"), "kst-36867-B"),
        (document("TK 2021D21905"), None),
        (document("ECLI:NL:RVS:2022:1864"), None),
    ],
    ids=lambda value: value.id if isinstance(value, Document) else "",
)
def test_a_paper_is_known_by_dossier_and_number(which: Document, paper: str | None) -> None:
    assert paper_id(which) == paper


def test_the_dossier_of_a_paper() -> None:
    assert dossier_of(document("kst-30573-195")) == "30573"
    assert dossier_of(document("TK 2021D21905")) is None


def test_a_letter_is_taken_as_xml(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = lambda _: Reply(shapes.letter("kst-30573-195", ["De situatie is veranderd."]))
    source = Publications(rules)
    found = source.fetch(client, only(source, document("kst-30573-195")))
    assert replay.paths() == ["/kst-30573-195.xml"]
    assert parsed_by(found.file_name, found.answer.content) == "parliament"


def test_the_pdf_is_taken_only_where_there_is_no_xml(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = lambda q: Reply(PDF, kind="application/pdf") if q.path.endswith(".pdf") else Reply(b"", 404)
    source = Publications(rules)
    assert source.fetch(client, only(source, document("kst-30573-195"))).file_name == "kst-30573-195.pdf"


def test_a_broken_xml_does_not_lead_to_the_pdf(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = lambda q: Reply(PDF) if q.path.endswith(".pdf") else Reply(b"<kamerstuk><stuk>", etag=False)
    source = Publications(rules)
    with pytest.raises(FetchProblem) as caught:
        source.fetch(client, only(source, document("kst-30573-195")))
    assert caught.value.reason == "cut-off"


def test_the_papers_of_a_dossier_are_listed_page_by_page(client: Client, replay: Replay, rules: SourceRules) -> None:
    ids = [f"kst-19637-{n}" for n in range(3000, 3005)] + ["kst-1259252"]

    def answer(question: Question) -> Reply:
        asked = query(question)
        assert "w.dossiernummer==19637" in asked["query"][0]
        start = int(asked["startRecord"][0]) - 1
        return Reply(shapes.sru(ids[start : start + 2], total=len(ids)))

    replay.answer = answer
    changed = dataclasses.replace(
        rules, sections={**rules.sections, "officielebekendmakingen": {**rules.sections["officielebekendmakingen"], "page": 2}}
    )
    found = list(Publications(changed).changed(client, "19637", "2026-11-01"))
    assert found == ids[:5], "a temporary id is no paper yet"


def _tk(row: dict[str, Any], content: bytes = PDF) -> Callable[[Question], Reply]:
    def answer(question: Question) -> Reply:
        if question.path.endswith("/resource"):
            return Reply(content, kind="application/pdf")
        return Reply(json.dumps({"@odata.context": "x", "value": [row] if row else []}).encode(), kind="application/json")

    return answer


GUID = "4a1b0c2d-0000-4000-8000-00000000000a"
ROW = {"Id": GUID, "DocumentNummer": "2021D21905", "ContentType": "application/pdf", "Verwijderd": False}


def test_a_document_of_the_house_is_found_by_its_number(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = _tk(ROW)
    source = TweedeKamer(rules)
    found = source.fetch(client, only(source, document("TK 2021D21905")))
    assert found.file_name == "2021D21905.pdf"
    assert query(replay.asked[0])["$filter"] == ["Verwijderd eq false and DocumentNummer eq '2021D21905'"]
    assert replay.paths()[1] == f"/OData/v4/2.0/Document({GUID})/resource"


def test_the_papers_that_the_house_has_are_named_by_dossier_and_number(client: Client, replay: Replay, rules: SourceRules) -> None:
    rows = [
        {**ROW, "DocumentNummer": "2026D00001", "Volgnummer": 3333, "Kamerstukdossier": [{"Nummer": 19637, "Toevoeging": None}]},
        {**ROW, "DocumentNummer": "2026D00002", "Volgnummer": 12, "Kamerstukdossier": [{"Nummer": 19637, "Toevoeging": "VI"}]},
        {**ROW, "DocumentNummer": "2026D00003", "Volgnummer": None, "Kamerstukdossier": [{"Nummer": 19637, "Toevoeging": None}]},
        {**ROW, "DocumentNummer": "2026D00004", "Volgnummer": 5, "Kamerstukdossier": [{"Nummer": 30573, "Toevoeging": None}]},
    ]
    last = "https://gegevensmagazijn.tweedekamer.nl/OData/v4/2.0/Document?$skip=2"

    def answer(question: Question) -> Reply:
        if "skip" in question.path:
            return Reply(json.dumps({"value": rows[2:]}).encode(), kind="application/json")
        asked = query(question)["$filter"][0]
        assert "Kamerstukdossier/any(d: d/Nummer eq 19637)" in asked
        assert "GewijzigdOp ge 2026-11-01T00:00:00Z" in asked
        return Reply(json.dumps({"value": rows[:2], "@odata.nextLink": last}).encode(), kind="application/json")

    replay.answer = answer
    found = list(TweedeKamer(rules).changed(client, "19637", "2026-11-01"))
    assert found == [("kst-19637-3333", "2026D00001"), ("kst-19637-VI-12", "2026D00002")]


@pytest.mark.parametrize(
    ("row", "content", "expected"),
    [
        ({}, PDF, "not-found"),
        ({**ROW, "DocumentNummer": "2021D99999"}, PDF, "changed-schema"),
        ({**ROW, "Id": "../../x"}, PDF, "changed-schema"),
        ({**ROW, "ContentType": "application/msword"}, PDF, "not-in-this-form"),
        (ROW, b"<html>fout</html>", "not-a-document"),
        (ROW, b"%PDF-1.7\nhalf", "cut-off"),
    ],
    ids=["none", "another number", "no guid", "old Word", "page", "half"],
)
def test_what_the_house_answers_otherwise_is_refused(
    client: Client, replay: Replay, rules: SourceRules, row: dict[str, Any], content: bytes, expected: str
) -> None:
    replay.answer = _tk(row, content)
    source = TweedeKamer(rules)
    with pytest.raises(FetchProblem) as caught:
        source.fetch(client, only(source, document("TK 2021D21905")))
    assert caught.value.reason == expected


# --------------------------------------------------------------------------------------------------------------- rijksoverheid


def test_new_country_reports_are_taken_by_their_titles_and_from_listed_hosts_alone(
    client: Client, replay: Replay, rules: SourceRules
) -> None:
    file = "https://www.rijksoverheid.nl/binaries/rapport.pdf"
    items = [
        {"id": GUID, "title": "Ambtsbericht Syrië", "files": [{"fileurl": file, "mimetype": "application/pdf"}]},
        {"id": GUID[:-1] + "b", "title": "Ambtsbericht Mali", "files": [{"fileurl": file, "mimetype": "application/pdf"}]},
        {
            "id": GUID[:-1] + "c",
            "title": "Griekenland",
            "files": [{"fileurl": "https://evil.example/x.pdf", "mimetype": "application/pdf"}],
        },
        {"id": GUID[:-1] + "d", "title": "Griekenland zonder stuk"},
    ]

    def answer(question: Question) -> Reply:
        if question.path.endswith(".pdf"):
            return Reply(PDF, kind="application/pdf")
        assert query(question)["lastmodifiedsince"] == ["20261101"]
        return Reply(json.dumps(items).encode(), kind="application/json")

    replay.answer = answer
    source = Rijksoverheid(rules)
    found = list(source.new_reports(client, "2026-11-01"))
    assert [text.document_id for text in found] == [f"rijksoverheid/{GUID}", f"rijksoverheid/{GUID[:-1]}c"]
    assert {text.official_id for text in found} == {None}, "a GUID is no official identifier"
    assert source.fetch(client, found[0]).answer.content == PDF
    with pytest.raises(FetchProblem) as caught:
        source.fetch(client, found[1])
    assert caught.value.reason == "address-refused"
