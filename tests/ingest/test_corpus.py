"""The loader and the schema of corpus/: the shipped corpus passes, and each rule is broken once in a small copy."""

import json
import re
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.corpus import CorpusContent, check_corpus, load_corpus, main, safe_file_name
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Expression, Kind, Passage, Track
from kb.domain.identifiers import canonical_document_id
from kb.domain.pinpoints import PinpointKind
from kb.errors import CorpusInvalid

SHIPPED = Path(__file__).parents[2] / "corpus"

Row = dict[str, Any]


def row(**changes: Any) -> Row:
    """One sound catalogue line: Jawo, as far as its shape goes."""
    sound: Row = {
        "id": "ECLI:EU:C:2019:218",
        "kind": "judgment",
        "court": "Court of Justice of the European Union",
        "court_key": "eu-cjeu",
        "sitting": None,
        "date": "2019-03-19",
        "date_precision": "day",
        "published_on": None,
        "facts_from": None,
        "facts_until": None,
        "case_numbers": ["C-163/17"],
        "title": "Jawo",
        "title_nl": "Jawo",
        "case_name": {"en": "Jawo", "nl": "Jawo"},
        "language": "en",
        "official_url": "https://example.org/jawo",
        "member_state": "Italy",
        "states": ["IT"],
        "deciding_state": "EU",
        "nationality": "Gambia",
        "nationalities": ["GM"],
        "topics": ["mutual trust"],
        "outcome": "preliminary ruling",
        "outcome_nl": "prejudiciële beslissing",
        "track": "dublin-transfer",
        "status": "verified",
        "verification": {"status": "verified", "en": "Seen on EUR-Lex.", "nl": "Gezien op EUR-Lex."},
        "remarks": {"en": [], "nl": []},
        "doubts": [],
        "aliases": ["Jawo"],
        "cites": ["ECLI:EU:C:2011:865"],
        "treatment": [],
        "seen_at": "https://example.org/jawo",
    }
    return {**sound, **changes}


def later(**changes: Any) -> Row:
    """A later ruling that treats it."""
    edge = {
        "of": "ECLI:EU:C:2019:218",
        "type": "follows",
        "date": "2021-03",
        "pinpoint": None,
        "scope": ["dublin-transfer"],
        "effect": "none",
        "source": "digest of the ruling itself",
        "note": {"en": "Follows it.", "nl": "Volgt het."},
    }
    sound = row(
        id="RVS:202100001/1/V3",
        court="Afdeling bestuursrechtspraak van de Raad van State",
        court_key="nl-rvs",
        date="2021-03",
        date_precision="month",
        case_numbers=["202100001/1/V3"],
        title="A later ruling",
        title_nl="Een latere uitspraak",
        language="nl",
        deciding_state="NL",
        aliases=["RVS:202100001/1/V2"],
        cites=["ECLI:EU:C:2019:218", "ECLI:NL:RVS:2018:9"],
        treatment=[edge],
    )
    del sound["case_name"]
    return {**sound, **changes}


DIGEST = """\
id = "{id}"

[title]
en = "{title}"
nl = "{title_nl}"

[[passage]]
ref = "holding"
status = "verified"
seen_at = "the site of the court"
en = '''
Mutual trust is presumed; the threshold is
particularly high.
'''
nl = "Het interstatelijk vertrouwensbeginsel is het uitgangspunt; de drempel is bijzonder hoog."

[[passage]]
ref = "paras 91-93"
status = "verified-indirect"
seen_at = "EUR-Lex text of ECLI:EU:C:2019:219, para 90"
en = "extreme material poverty"
nl = "verregaande materiële deprivatie"

[[passage]]
ref = "operative part, no para number seen"
status = "unverified"
en = "the answer"
nl = "het antwoord"

[[passage]]
ref = "para 91-93"
status = "unverified"
en = "the same place again"
nl = "nogmaals dezelfde plaats"
"""

GUIDE = """\
+++
id = "guide-small"
language = "{language}"
title = "{title}"
date = "2026-11"
topics = ["mutual trust"]
+++

{first}

## 2. {heading}

- **2.1** {first} **ECLI:EU:C:2019:218**,
  on.
- 2.2 {first}

| # | {heading} |
| --- | --- |
| 2.3a | {first} |
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A corpus of two documents and one guide that breaks no rule."""
    corpus = tmp_path / "corpus"
    for folder in ("catalogue", "digests", "guides", "courts"):
        (corpus / folder).mkdir(parents=True)
    shutil.copy(SHIPPED / "courts/courts.toml", corpus / "courts/courts.toml")
    write(corpus, row(), later())
    for language, title, first, heading in (("en", "Small", "Trust.", "The test"), ("nl", "Klein", "Vertrouwen.", "De toets")):
        text = GUIDE.format(language=language, title=title, first=first, heading=heading)
        (corpus / f"guides/small.{language}.md").write_text(text, encoding="utf-8")
    return corpus


def write(corpus: Path, *rows: Row, digests: bool = True) -> None:
    lines = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in rows)
    (corpus / "catalogue/all.jsonl").write_text(lines, encoding="utf-8")
    for item in rows if digests else ():
        (corpus / "digests" / safe_file_name(str(item["id"]))).write_text(DIGEST.format(**item), encoding="utf-8")


def digest_path(corpus: Path) -> Path:
    return corpus / "digests" / safe_file_name("ECLI:EU:C:2019:218")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def rules(corpus: Path) -> set[str]:
    return {problem.rule for problem in check_corpus(corpus)}


def edge(**changes: Any) -> Row:
    return later(treatment=[{**later()["treatment"][0], **changes}])


def without(field: str) -> Row:
    item = row()
    del item[field]
    return item


# what the loader gives -------------------------------------------------------------------------------------------------------


def entry(content: CorpusContent, document_id: str) -> tuple[Document, list[tuple[str, str]], dict[str, tuple[Expression, list[Passage]]]]:
    document, aliases, texts = next(item for item in content.documents if item[0].id == document_id)
    return document, aliases, {expression.form: (expression, passages) for expression, passages in texts}


def test_a_sound_small_corpus_has_no_problem_and_loads(small: Path) -> None:
    assert check_corpus(small) == []
    content = load_corpus(small)
    assert [document.id for document, _, _ in content.documents] == ["ECLI:EU:C:2019:218", "RVS:202100001/1/V3", "guide-small"]
    document, aliases, texts = entry(content, "RVS:202100001/1/V3")
    assert document.date == LegalDate("2021-03"), "a partial date stays partial"
    assert document.published_on is None, "an unknown date stays unknown"
    assert document.track is Track.DUBLIN_TRANSFER
    assert document.catalogued
    assert aliases == [("RVS:202100001/1/V2", "former-id")]
    assert set(texts) == {"digest-en", "digest-nl"}


def test_every_passage_is_a_slice_of_its_text_and_digests_are_one_paragraph_each(small: Path) -> None:
    _, _, texts = entry(load_corpus(small), "ECLI:EU:C:2019:218")
    expression, passages = texts["digest-en"]
    assert expression.text.startswith("Jawo\n\nMutual trust is presumed; the threshold is particularly high.\n\nextreme")
    assert [expression.text[p.start_char : p.end_char] for p in passages] == [p.text for p in passages]
    assert expression.trust == "curated"


def test_a_reference_without_a_number_or_given_twice_becomes_a_holding_never_a_pinpoint(small: Path) -> None:
    _, _, texts = entry(load_corpus(small), "ECLI:EU:C:2019:218")
    for form, (_, passages) in texts.items():
        assert [p.id.partition("@")[2] for p in passages] == [
            f"{form}#holding",
            f"{form}#para-91-93",
            f"{form}#holding-2",
            f"{form}#holding-3",
        ]
        assert [bool(p.pinpoint and p.pinpoint.is_place) for p in passages] == [False, True, False, False]


def test_verification_and_where_it_was_seen_travel_with_each_passage(small: Path) -> None:
    _, _, texts = entry(load_corpus(small), "ECLI:EU:C:2019:218")
    seen = [(p.verification, p.note) for p in texts["digest-nl"][1]]
    assert seen[1] == ("verified-indirect", "EUR-Lex text of ECLI:EU:C:2019:219, para 90")
    assert seen[2] == ("unverified", None)


def test_treatment_stands_with_the_later_document_and_what_is_not_catalogued_is_external(small: Path) -> None:
    content = load_corpus(small)
    (treatment,) = content.treatments
    assert (treatment.by, treatment.of, treatment.date) == ("RVS:202100001/1/V3", "ECLI:EU:C:2019:218", LegalDate("2021-03"))
    assert content.externals == {"ECLI:EU:C:2011:865": ["ECLI:EU:C:2019:218"], "ECLI:NL:RVS:2018:9": ["RVS:202100001/1/V3"]}


def test_a_guide_gives_a_passage_for_each_paragraph_item_and_row_under_its_printed_number(small: Path) -> None:
    document, _, texts = entry(load_corpus(small), "guide-small")
    expression, passages = texts["digest-nl"]
    assert document.kind is Kind.GUIDE
    assert document.title_nl == "Klein"
    assert [(p.id.rpartition("#")[2], p.heading_path) for p in passages] == [
        ("pos-1", ()),
        ("section-2.1", ("2. De toets",)),
        ("section-2.2", ("2. De toets",)),
        ("section-2.3a", ("2. De toets",)),
    ]
    assert passages[1].text == "2.1 Vertrouwen. ECLI:EU:C:2019:218, on."
    assert passages[3].text == "2.3a\nDe toets: Vertrouwen."
    assert all(expression.text[p.start_char : p.end_char] == p.text for p in passages)


def test_the_version_of_a_corpus_changes_with_every_file_and_only_then(small: Path) -> None:
    first, second = load_corpus(small), load_corpus(small)
    assert first == second
    edit(digest_path(small), "het antwoord", "een ander antwoord")
    assert load_corpus(small).sha256 != first.sha256


# each rule, broken once ------------------------------------------------------------------------------------------------------

BROKEN_ROWS: list[tuple[str, str, Callable[[], Row]]] = [
    ("impossible-date", "a day that no calendar has", lambda: row(date="2019-02-30")),
    ("impossible-date", "a date that is a word", lambda: row(published_on="March 2019")),
    ("impossible-date", "a facts period that ends before it begins", lambda: row(facts_from="2020", facts_until="2019-12")),
    ("date-precision", "a month called a day", lambda: row(date="2019-03", date_precision="day")),
    ("unknown-court", "a court that nobody described", lambda: row(court_key="xx-court")),
    ("missing-text", "no Dutch title", lambda: without("title_nl")),
    ("missing-text", "an empty Dutch title", lambda: row(title_nl=" ")),
    ("missing-text", "no Dutch outcome", lambda: row(outcome_nl=None)),
    ("missing-text", "no Dutch verification", lambda: row(verification={"status": "verified", "en": "Seen."})),
    ("missing-text", "a remark in one language", lambda: row(remarks={"en": ["A trap."], "nl": []})),
    ("verification", "two different states of verification", lambda: row(status="unverified")),
    ("unknown-field", "a field that nobody reads", lambda: row(colour="blue")),
    ("missing-field", "no list of what it cites", lambda: without("cites")),
    ("unknown-word", "an unknown kind", lambda: row(kind="ruling")),
    ("unknown-word", "an unknown track", lambda: row(track="dublin")),
    ("wrong-shape", "a state that is no code", lambda: row(states=["Italy"])),
    ("wrong-shape", "an address that is none", lambda: row(official_url="curia")),
    ("machine-path", "a path into somebody's folders", lambda: row(seen_at="../shared/text.xml para 62")),
    ("machine-path", "an absolute path", lambda: row(remarks={"en": ["see /home/me/x.txt"], "nl": ["zie /home/me/x.txt"]})),
    ("identifier", "an id with a mark that ids may not hold", lambda: row(id="kst#1")),
]


@pytest.mark.parametrize(("rule", "what", "make"), BROKEN_ROWS, ids=[f"{rule}: {what}" for rule, what, _ in BROKEN_ROWS])
def test_a_catalogue_line_that_breaks_a_rule_is_reported(small: Path, rule: str, what: str, make: Callable[[], Row]) -> None:
    broken = make()
    rest = [] if broken["id"] != row()["id"] else [later()]
    write(small, {**{"title_nl": "Jawo"}, **broken} if what != "no Dutch title" else broken, *rest, digests=False)
    assert rule in rules(small), what
    with pytest.raises(CorpusInvalid):
        load_corpus(small)


BROKEN_EDGES: list[tuple[str, str, Callable[[], Row]]] = [
    ("dangling-treatment", "an edge to a document that is cited but not catalogued", lambda: edge(of="ECLI:NL:RVS:2018:9")),
    ("dangling-treatment", "an edge to itself", lambda: edge(of="RVS:202100001/1/V3")),
    ("impossible-date", "an edge older than what it treats", lambda: edge(date="2018")),
    ("impossible-date", "an edge older than its own document", lambda: edge(date="2020-12-31")),
    (
        "impossible-date",
        "a later ruling dated before the earlier one",
        lambda: later(date="2018", date_precision="year", treatment=[{**later()["treatment"][0], "date": None}]),
    ),
    ("impossible-date", "an edge on a day that no calendar has", lambda: edge(date="2021-02-29")),
    ("unknown-word", "an unknown type", lambda: edge(type="mentions")),
    ("unknown-word", "an unknown effect", lambda: edge(effect="bad")),
    ("unknown-word", "an unknown track in the scope", lambda: edge(scope=["dublin"])),
    ("missing-text", "no Dutch note", lambda: edge(note={"en": "Follows it."})),
    ("missing-field", "no source", lambda: later(treatment=[{k: v for k, v in later()["treatment"][0].items() if k != "source"}])),
    ("unknown-field", "a field that nobody reads", lambda: edge(weight=3)),
]


@pytest.mark.parametrize(("rule", "what", "make"), BROKEN_EDGES, ids=[f"{rule}: {what}" for rule, what, _ in BROKEN_EDGES])
def test_a_treatment_that_breaks_a_rule_is_reported(small: Path, rule: str, what: str, make: Callable[[], Row]) -> None:
    write(small, row(), make())
    assert rules(small) == {rule}, what


def test_partial_dates_that_may_be_in_order_are_no_problem(small: Path) -> None:
    write(small, row(date="2021", date_precision="year"), later())
    assert check_corpus(small) == []


BROKEN_DIGESTS: list[tuple[str, str, str, str]] = [
    ("pinpoint-without-source", "seen but nobody says where", 'seen_at = "EUR-Lex text of ECLI:EU:C:2019:219, para 90"\n', ""),
    ("missing-text", "no Dutch text", 'nl = "het antwoord"\n', ""),
    ("missing-text", "an empty English text", 'en = "the answer"', 'en = ""'),
    ("unknown-word", "an unknown mark of verification", 'status = "verified-indirect"', 'status = "probably"'),
    ("no-holding", "the holding does not come first", 'ref = "holding"', 'ref = "para 1"'),
    ("title", "a title that differs from the catalogue", 'nl = "Jawo"', 'nl = "Jawo II"'),
    ("unknown-field", "a field that nobody reads", 'ref = "paras 91-93"', 'ref = "paras 91-93"\ncolour = "blue"'),
    ("machine-path", "a file name as source", "the site of the court", "../real/cjeu-xhtml/x.xml"),
    ("unreadable", "a file that is no TOML", "[title]", "[title"),
    ("digest-without-catalogue", "an id that is not catalogued", "ECLI:EU:C:2019:218", "ECLI:EU:C:2019:999"),
]


@pytest.mark.parametrize(("rule", "what", "old", "new"), BROKEN_DIGESTS, ids=[f"{rule}: {what}" for rule, what, _, _ in BROKEN_DIGESTS])
def test_a_digest_that_breaks_a_rule_is_reported(small: Path, rule: str, what: str, old: str, new: str) -> None:
    edit(digest_path(small), old, new)
    assert rule in rules(small), what


def test_a_catalogue_line_without_digest_is_reported(small: Path) -> None:
    digest_path(small).unlink()
    assert rules(small) == {"catalogue-without-digest"}


def test_an_id_that_stands_twice_is_reported_whatever_its_capitals(small: Path) -> None:
    write(small, row(), later(), row(id="ecli:eu:c:2019:218"), digests=False)
    assert "duplicate-id" in rules(small)


def test_a_digest_under_another_name_is_reported(small: Path) -> None:
    digest_path(small).rename(small / "digests/jawo.toml")
    assert rules(small) == {"file-name"}


def test_a_guide_in_one_language_or_with_fewer_passages_in_the_other_is_reported(small: Path) -> None:
    edit(small / "guides/small.nl.md", "- 2.2 Vertrouwen.\n", "")
    assert rules(small) == {"missing-text"}
    (small / "guides/small.nl.md").unlink()
    assert rules(small) == {"missing-text"}


def test_an_empty_folder_is_no_corpus(tmp_path: Path) -> None:
    assert rules(tmp_path) == {"unreadable"}
    with pytest.raises(CorpusInvalid):
        load_corpus(tmp_path)


def test_the_command_lists_the_problems_and_says_so_with_its_exit_code(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(small)]) == 0
    digest_path(small).unlink()
    assert main([str(small)]) == 1
    assert "catalogue-without-digest" in capsys.readouterr().out


# the shipped corpus ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> CorpusContent:
    return load_corpus(SHIPPED)


def test_the_shipped_corpus_passes_its_own_check() -> None:
    assert [str(problem) for problem in check_corpus(SHIPPED)] == []


def test_the_shipped_corpus_holds_every_authority_in_both_languages(shipped: CorpusContent) -> None:
    catalogued = [document for document, _, _ in shipped.documents if document.kind is not Kind.GUIDE]
    assert len(catalogued) == 272
    for document, _, texts in shipped.documents:
        assert [expression.language for expression, _ in texts] == ["en", "nl"], document.id
        assert len(texts[0][1]) == len(texts[1][1]) >= 1, document.id


def test_every_shipped_passage_stands_at_its_offsets_under_an_id_of_its_own(shipped: CorpusContent) -> None:
    ids = [passage.id for _, _, texts in shipped.documents for _, passages in texts for passage in passages]
    assert len(ids) == len(set(ids))
    for _, _, texts in shipped.documents:
        for expression, passages in texts:
            for passage in passages:
                assert expression.text[passage.start_char : passage.end_char] == passage.text


def test_no_shipped_pinpoint_lacks_a_number_or_a_heading(shipped: CorpusContent) -> None:
    for document, _, texts in shipped.documents:
        for _, passages in texts:
            for passage in passages:
                assert passage.pinpoint is not None
                if passage.pinpoint.is_place and document.kind is not Kind.GUIDE and passage.pinpoint.kind is not PinpointKind.SECTION:
                    assert any(c.isdigit() for c in passage.pinpoint.value), passage.id


@pytest.mark.parametrize(
    ("by", "of", "effect", "scope"),
    [
        ("RVS:202304791/1/V2", "ECLI:NL:RVS:2022:1864", "overtaken", (Track.DUBLIN_TRANSFER,)),
        ("RVS:202304791/1/V2", "ECLI:NL:RVS:2022:1862", "overtaken", (Track.DUBLIN_TRANSFER,)),
        ("RVS:202304791/1/V2", "ECLI:NL:RBDHA:2023:18283", "overtaken", (Track.DUBLIN_TRANSFER,)),
        ("ECLI:NL:RVS:2023:3411", "ECLI:NL:RBDHA:2023:8123", "overtaken", (Track.DUBLIN_TRANSFER,)),
        ("ECLI:NL:RVS:2023:3411", "ECLI:NL:RVS:2022:1042", "caution", (Track.DUBLIN_TRANSFER,)),
        ("ECLI:NL:RVS:2023:3967", "ECLI:NL:RBDHA:2022:6641", "overtaken", (Track.STATUS_HOLDER,)),
        ("ECLI:NL:RVS:2025:2865", "ECLI:NL:RBDHA:2022:3044", "overtaken", (Track.STATUS_HOLDER,)),
        ("ECLI:NL:RVS:2025:3305", "ECLI:NL:RBDHA:2025:5581", "overtaken", (Track.DUBLIN_TRANSFER,)),
    ],
)
def test_the_fact_sheets_treatments_are_edges(shipped: CorpusContent, by: str, of: str, effect: str, scope: tuple[Track, ...]) -> None:
    edges = [(edge.effect, edge.scope) for edge in shipped.treatments if (edge.by, edge.of) == (by, of)]
    assert edges == [(effect, scope)]


@pytest.mark.parametrize("document_id", ["ECLI:EU:C:2023:316", "ECLI:EU:C:2024:82", "ECLI:EU:C:2018:617"])
def test_an_advocate_generals_opinion_is_no_judgment_and_no_views(shipped: CorpusContent, document_id: str) -> None:
    document, _, _ = entry(shipped, document_id)
    assert (document.kind, document.subtype, document.court_key) == (Kind.OPINION, "advocate-general-opinion", "eu-ag")


GUIDES = ("guide-ibrahim-threshold", "guide-indirect-refoulement")
IDENTIFIER = re.compile(r"ECLI:[A-Z]{2}:[A-Za-z]+:\d{4}:[A-Za-z0-9.]*[A-Za-z0-9]|(?:RVS:|NL-ABRvS-)\d+/\d/V\d|kst-\d+-\d+")


@pytest.mark.parametrize("guide_id", GUIDES)
def test_every_identifier_in_a_guide_is_catalogued_and_stands_in_both_languages(shipped: CorpusContent, guide_id: str) -> None:
    known = {document.id for document, _, _ in shipped.documents}
    _, _, texts = entry(shipped, guide_id)
    found = {form: sorted(IDENTIFIER.findall(expression.text)) for form, (expression, _) in texts.items()}
    assert len(found["digest-en"]) > 50
    assert found["digest-en"] == found["digest-nl"]
    assert {canonical_document_id(identifier) for identifier in found["digest-en"]} <= known


@pytest.mark.parametrize("guide_id", GUIDES)
def test_a_guide_has_the_same_printed_places_in_both_languages(shipped: CorpusContent, guide_id: str) -> None:
    _, _, texts = entry(shipped, guide_id)
    places = [[passage.id.rpartition("#")[2] for passage in passages] for _, passages in texts.values()]
    numbered = [slug for slug in places[0] if any(c.isdigit() for c in slug)]
    assert [slug for slug in places[1] if any(c.isdigit() for c in slug)] == numbered
    assert len(numbered) == len(set(numbered)) > 80


def test_no_shipped_text_uses_the_marks_or_names_of_our_working_files(shipped: CorpusContent) -> None:
    for document, _, texts in shipped.documents:
        for expression, _ in texts:
            assert not re.search(r"jsonl|\[(?:V|VI|B|U|I)[\]:]|review_notes|holding_status|_note\b", expression.text), document.id
        for note in (*document.verification_note.values(), *document.extra.values()):
            assert not re.search(r"jsonl|review_notes|holding_status|_note\b|\bnull\b", note), (document.id, note)


def test_names_that_lawyers_use_are_aliases(shipped: CorpusContent) -> None:
    names = {alias for _, aliases, _ in shipped.documents for alias, _ in aliases}
    assert {"Jawo", "Ibrahim", "C.K.", "Tarakhel", "M.S.S.", "Shiri", "QY", "Addis", "Hamed and Omar"} <= names


def test_the_example_in_the_readme_is_a_sound_entry(small: Path) -> None:
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")
    line = re.search(r"```json\n(.*?)```", readme, re.S)
    digest = re.search(r"```toml\n(.*?)```", readme, re.S)
    assert line
    assert digest
    example = json.loads(line[1])
    write(small, row(), later(), example, digests=False)
    text = textwrap.dedent(digest[1].replace("\n   ", "\n"))
    (small / "digests" / safe_file_name(example["id"])).write_text(text.lstrip(), encoding="utf-8")
    assert check_corpus(small) == []
