"""Standing at a date and for a track. The edges are those of the fact sheets; citations are simple, their form is tested elsewhere."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.corpus import load_corpus
from kb.domain.citations import cite as real_cite
from kb.domain.courts import Courts
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind, Track, Treatment
from kb.domain.pinpoints import Pinpoint
from kb.domain.results import StandingValue
from kb.errors import CorpusInvalid
from kb.law.treatment import Standings, undecided

DUBLIN, STATUS = Track.DUBLIN_TRANSFER, Track.STATUS_HOLDER
DENMARK_2022 = "ECLI:NL:RVS:2022:1864"
CJEU_2023 = "ECLI:EU:C:2023:934"
JUNE_2024 = "RVS:202304791/1/V2"


def cite(document: Document, pinpoint: Pinpoint | None) -> Mapping[str, str]:
    place = f", {pinpoint.printed}" if pinpoint else ""
    return {"nl": f"{document.title}{place}", "en": f"{document.title}{place}"}


def judgment(document_id: str, date: str | None, title: str = "", **fields: object) -> Document:
    given_date = LegalDate.parse(date) if date else None
    return Document(document_id, Kind.JUDGMENT, "ABRvS", title or document_id, "nl", given_date, catalogued=True, **fields)  # type: ignore[arg-type]


DOCUMENTS = [
    judgment(DENMARK_2022, "2022-07-06"),
    judgment(CJEU_2023, "2023-11-30", "HvJ EU 30 november 2023, C-228/21"),
    judgment(JUNE_2024, "2024-06-12", "ABRvS 12 juni 2024, nr. 202304791/1/V2", aliases=("202304791/1/V2",)),
    judgment("ECLI:NL:RVS:2023:3286", "2023-09-06"),
    judgment("ECLI:NL:RVS:2018:1795", "2018-05-30"),
    judgment("ECLI:NL:RVS:2021:1626", "2021-07-28", "ABRvS 28 juli 2021"),
    judgment("ECHR-52334/19", "2020-01-29", subtype="communicated-case"),
    Document("ECLI:EU:C:2018:617", Kind.OPINION, "A-G", "Conclusie", "el", LegalDate.parse("2018-07-25"), catalogued=True),
    judgment("ECLI:NL:RBDHA:2021:10001", "2021-09-14", subtype="interim-measure"),
    Document("file:0123456789abcdef", Kind.LETTER, "?", "letter", "nl"),
]
EDGES = [
    Treatment(DENMARK_2022, JUNE_2024, "departs-from", "overtaken", LegalDate.parse("2024-06-12"), scope=(DUBLIN,)),
    Treatment(DENMARK_2022, CJEU_2023, "departs-from", "caution", LegalDate.parse("2023-11-30"), scope=(DUBLIN,)),
    Treatment(DENMARK_2022, "ECLI:NL:RVS:2023:3286", "applies", "none", LegalDate.parse("2023-09-06"), scope=(STATUS,)),
    Treatment(
        "ECLI:NL:RVS:2018:1795", "ECLI:NL:RVS:2021:1626", "departs-from", "overtaken", LegalDate.parse("2021-07-28"), scope=(STATUS,)
    ),
]
CORPUS = Standings(DOCUMENTS, EDGES, cite)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("document_id", "as_of", "track", "value"),
    [
        (DENMARK_2022, "2023-10-01", DUBLIN, "good"),
        (DENMARK_2022, "2024-01-15", DUBLIN, "caution"),
        (DENMARK_2022, "2024-06-11", DUBLIN, "caution"),
        (DENMARK_2022, "2024-06-12", DUBLIN, "overtaken"),
        (DENMARK_2022, "2024-01-15", STATUS, "good"),
        (DENMARK_2022, "2024-07-01", STATUS, "caution"),  # undecided there: neither good in silence nor overtaken by extension
        ("ECLI:NL:RVS:2018:1795", "2021-07-27", STATUS, "good"),
        ("ECLI:NL:RVS:2018:1795", "2021-07-28", STATUS, "overtaken"),
        ("ECLI:NL:RVS:2021:1626", "2026-11-01", STATUS, "good"),
        ("ECLI:EU:C:2018:617", "2026-11-01", STATUS, "caution"),
        ("ECHR-52334/19", "2026-11-01", STATUS, "caution"),
        ("ECLI:NL:RBDHA:2021:10001", "2026-11-01", DUBLIN, "caution"),
        ("file:0123456789abcdef", "2026-11-01", DUBLIN, "unknown"),
        ("ECLI:NL:RBAMS:2024:4006", "2026-11-01", DUBLIN, "unknown"),  # nobody has it
        (DENMARK_2022, "2022-07-05", DUBLIN, "unknown"),  # it was not there yet
    ],
)
def test_standing_follows_the_calendar_and_the_track(document_id: str, as_of: str, track: Track, value: str) -> None:
    assert CORPUS.standing(document_id, day(as_of), track).value == value


def test_the_sentence_says_who_when_where_and_what_was_not_decided() -> None:
    standing = CORPUS.standing(DENMARK_2022, day("2024-07-01"), DUBLIN)
    assert standing.sentence["nl"] == (
        "Verlaten in Dublinzaken door ABRvS 12 juni 2024, nr. 202304791/1/V2; voor statushouders niet beslist."
    )
    assert standing.sentence["en"].startswith("Abandoned in Dublin cases by ABRvS 12 juni 2024")
    assert standing.sentence["en"].endswith("not decided for status holders.")


def test_for_status_holders_the_sentence_says_that_it_is_undecided() -> None:
    standing = CORPUS.standing(DENMARK_2022, day("2024-07-01"), STATUS)
    assert "voor statushouders niet beslist" in standing.sentence["nl"]
    assert standing.successors == ()


def test_a_caution_on_the_other_track_is_mentioned_beside_good() -> None:
    sentence = CORPUS.standing(DENMARK_2022, day("2024-01-15"), STATUS).sentence
    assert sentence["en"].startswith("Nothing in this corpus says otherwise.")
    assert "not decided for status holders" in sentence["en"]


def test_an_overtaken_authority_brings_its_successor() -> None:
    (successor,) = CORPUS.standing(DENMARK_2022, day("2024-07-01"), DUBLIN).successors
    assert (successor.document_id, successor.date) == (JUNE_2024, "2024-06-12")
    assert successor.citation["nl"] == "ABRvS 12 juni 2024, nr. 202304791/1/V2"


def test_without_a_track_the_worst_value_names_its_track() -> None:
    standing = CORPUS.standing(DENMARK_2022, day("2024-07-01"))
    assert (standing.value, standing.track) == (StandingValue.OVERTAKEN, DUBLIN)


def test_without_a_track_a_value_that_holds_for_both_names_none() -> None:
    standing = CORPUS.standing("ECLI:NL:RVS:2021:1626", day("2026-11-01"))
    assert (standing.value, standing.track) == (StandingValue.GOOD, None)


def test_an_opinion_is_said_to_be_no_decision() -> None:
    assert "An opinion, not a decision" in CORPUS.standing("ECLI:EU:C:2018:617", day("2026-11-01"), STATUS).sentence["en"]


APPLIED = "ECLI:NL:RBDHA:2022:11420"


def _applying(*scope: Track, kind: str = "applies") -> Standings:
    edge = Treatment(DENMARK_2022, APPLIED, kind, "none", LegalDate.parse("2022-10-31"), scope=scope or None)
    return Standings([*DOCUMENTS, judgment(APPLIED, "2022-10-31"), judgment("X", "2023-01-01")], [*EDGES, edge], cite)


@pytest.mark.parametrize(
    ("as_of", "track", "value"),
    [("2024-06-11", DUBLIN, "good"), ("2024-06-12", DUBLIN, "caution"), ("2026-11-01", STATUS, "good"), ("2026-11-01", None, "caution")],
)
@pytest.mark.parametrize("kind", ["applies", "follows"])
def test_what_rests_on_an_overtaken_authority_is_never_good_in_silence(kind: str, as_of: str, track: Track | None, value: str) -> None:
    standing = _applying(DUBLIN, kind=kind).standing(APPLIED, day(as_of), track)
    assert standing.value == value
    assert ("rests on" in standing.sentence["en"]) == (value == "caution")


def test_the_sentence_of_what_rests_on_it_names_both_and_when() -> None:
    sentence = _applying(DUBLIN).standing(APPLIED, day("2024-07-01"), DUBLIN).sentence
    assert sentence["nl"] == (
        f"Let op: steunt op {DENMARK_2022}, en dat geldt niet meer: "
        "verlaten in Dublinzaken door ABRvS 12 juni 2024, nr. 202304791/1/V2; voor statushouders niet beslist."
    )


def test_what_applies_it_on_the_other_track_or_only_tells_it_apart_does_not_rest_on_it() -> None:
    assert _applying(STATUS).standing(APPLIED, day("2024-07-01"), DUBLIN).value is StandingValue.GOOD
    assert _applying(DUBLIN, kind="distinguishes").standing(APPLIED, day("2024-07-01"), DUBLIN).value is StandingValue.GOOD
    assert _applying().standing(APPLIED, day("2024-07-01"), DUBLIN).value is StandingValue.CAUTION  # an open scope is both


def test_resting_goes_one_step_and_gives_way_to_what_was_done_to_the_ruling_itself() -> None:
    edges = [
        *EDGES,
        Treatment(DENMARK_2022, APPLIED, "applies", "none", LegalDate.parse("2022-10-31"), scope=(DUBLIN,)),
        Treatment(APPLIED, "X", "follows", "none", LegalDate.parse("2023-01-01"), scope=(DUBLIN,)),
        Treatment(APPLIED, JUNE_2024, "set-aside", "overtaken", LegalDate.parse("2024-06-12")),
    ]
    documents = [*DOCUMENTS, judgment(APPLIED, "2022-10-31"), judgment("X", "2023-01-01")]
    overtaken = Standings(documents, edges, cite).standing(APPLIED, day("2024-07-01"), DUBLIN)
    assert overtaken.value is StandingValue.OVERTAKEN
    assert "rests on" not in overtaken.sentence["en"]
    assert Standings(documents, edges[:-1], cite).standing("X", day("2024-07-01"), DUBLIN).value is StandingValue.GOOD


@pytest.mark.parametrize("subtype", ["reference", "evidence-order", "letter-of-formal-notice", "press", "advocate-general-opinion"])
def test_what_decides_nothing_is_never_good(subtype: str) -> None:
    document = judgment("X", "2020-01-01", subtype=subtype)
    standing = Standings([document], [], cite).standing("X", day("2026-01-01"), DUBLIN)
    assert standing.value is StandingValue.CAUTION
    assert undecided(document)


@pytest.mark.parametrize("subtype", [None, "order", "decision", "interim-judgment", "press-release"])
def test_what_decides_can_be_good(subtype: str | None) -> None:
    document = judgment("X", "2020-01-01", subtype=subtype)
    assert Standings([document], [], cite).standing("X", day("2026-01-01"), DUBLIN).value is StandingValue.GOOD


def test_an_alias_names_the_same_document_in_edges_and_questions() -> None:
    edge = Treatment(DENMARK_2022, "202304791/1/V2", "departs-from", "overtaken", LegalDate.parse("2024-06-12"), scope=(DUBLIN,))
    standings = Standings(DOCUMENTS, [edge], cite)
    assert standings.standing(DENMARK_2022, day("2024-07-01"), DUBLIN).successors[0].document_id == JUNE_2024
    assert standings.treatments_by("202304791/1/V2") == standings.treatments_by(JUNE_2024) == (edge,)


def test_an_edge_with_an_open_scope_counts_for_both_tracks_and_says_so() -> None:
    edge = Treatment("ECHR-32733/08", "ECLI:CE:ECHR:2011:0121JUD003069609", "distinguishes", "overtaken", LegalDate.parse("2011-01-21"))
    documents = [judgment("ECHR-32733/08", "2008-12-02"), judgment("ECLI:CE:ECHR:2011:0121JUD003069609", "2011-01-21")]
    standing = Standings(documents, [edge], cite).standing("ECHR-32733/08", day("2012-01-01"))
    assert (standing.value, standing.track) == (StandingValue.OVERTAKEN, None)
    assert "for which kind of case this holds is open" in standing.sentence["en"]


def test_a_partial_date_counts_from_its_last_day() -> None:
    edge = Treatment("A", "B", "departs-from", "overtaken", LegalDate.parse("2024-02"), scope=(DUBLIN, STATUS))
    standings = Standings([judgment("A", "2020"), judgment("B", "2024-02")], [edge], cite)
    assert standings.standing("A", day("2024-02-28"), DUBLIN).value is StandingValue.GOOD
    assert standings.standing("A", day("2024-02-29"), DUBLIN).value is StandingValue.OVERTAKEN


def test_an_edge_without_a_date_takes_the_date_of_the_later_document() -> None:
    edge = Treatment("A", "B", "departs-from", "overtaken", scope=(DUBLIN, STATUS))
    standings = Standings([judgment("A", "2020"), judgment("B", "2024-02-01")], [edge], cite)
    assert standings.standing("A", day("2024-01-31"), DUBLIN).value is StandingValue.GOOD
    assert standings.standing("A", day("2024-02-01"), DUBLIN).value is StandingValue.OVERTAKEN


def test_an_edge_without_any_date_is_never_more_than_caution() -> None:
    edge = Treatment("A", "B", "departs-from", "overtaken", scope=(DUBLIN, STATUS))
    standing = Standings([judgment("A", "2020"), judgment("B", None)], [edge], cite).standing("A", day("2026-01-01"), DUBLIN)
    assert standing.value is StandingValue.CAUTION
    assert "de datum daarvan is onbekend" in standing.sentence["nl"]


def test_successors_are_followed_to_the_end_of_the_chain() -> None:
    chain = [
        Treatment(of, by, "departs-from", "overtaken", LegalDate.parse(date)) for of, by, date in [("A", "B", "2021"), ("B", "C", "2023")]
    ]
    standings = Standings([judgment("A", "2020"), judgment("B", "2021"), judgment("C", "2023")], chain, cite)
    assert [item.document_id for item in standings.standing("A", day("2024-01-01"), DUBLIN).successors] == ["C"]
    assert [item.document_id for item in standings.standing("A", day("2022-06-01"), DUBLIN).successors] == ["B"]


def test_a_circle_of_overtaking_still_gives_a_successor() -> None:
    circle = [Treatment("A", "B", "overrules", "overtaken"), Treatment("B", "A", "overrules", "overtaken")]
    standings = Standings([judgment("A", "2020"), judgment("B", "2020")], circle, cite)
    assert [item.document_id for item in standings.standing("A", day("2024-01-01"), DUBLIN).successors] == ["B"]


def test_a_successor_that_is_not_in_the_corpus_is_named_by_its_id() -> None:
    edge = Treatment("A", "ECLI:NL:RVS:2030:1", "departs-from", "overtaken", LegalDate.parse("2024-01-01"))
    (successor,) = Standings([judgment("A", "2020")], [edge], cite).standing("A", day("2025-01-01"), DUBLIN).successors
    assert successor.title == successor.citation["en"] == "ECLI:NL:RVS:2030:1"


def test_the_pinpoint_of_an_edge_is_in_its_citation() -> None:
    edge = Treatment("A", "B", "departs-from", "overtaken", LegalDate.parse("2024-01-01"), pinpoint="r.o. 5.2")
    standing = Standings([judgment("A", "2020"), judgment("B", "2024-01-01")], [edge], cite).standing("A", day("2025-01-01"), DUBLIN)
    assert "door B, r.o. 5.2;" in standing.sentence["nl"]


@pytest.mark.parametrize(("kind", "effect"), [("likes", "none"), ("follows", "doomed")])
def test_an_edge_outside_the_vocabulary_is_refused(kind: str, effect: str) -> None:
    with pytest.raises(CorpusInvalid, match="A by B"):
        Standings([], [Treatment("A", "B", kind, effect)], cite)


def test_an_edge_to_itself_is_refused() -> None:
    with pytest.raises(CorpusInvalid, match="itself"):
        Standings([], [Treatment("A", "A", "follows", "none")], cite)


def test_a_ruling_that_was_set_aside_is_gone_for_both_tracks() -> None:
    edge = Treatment("A", "B", "set-aside", "overtaken", LegalDate.parse("2024-06-12"), scope=(DUBLIN,))
    standings = Standings([judgment("A", "2023-07-21"), judgment("B", "2024-06-12")], [edge], cite)
    assert {standings.standing("A", day("2024-07-01"), track).value for track in (DUBLIN, STATUS, None)} == {StandingValue.OVERTAKEN}
    assert standings.standing("A", day("2024-07-01")).sentence == {"nl": "Vernietigd door B.", "en": "Set aside by B."}


def test_an_act_that_replaces_another_leaves_nothing_undecided() -> None:
    edge = Treatment("A", "B", "superseded-by-legislation", "caution", LegalDate.parse("2026-07-01"), scope=(DUBLIN,))
    standing = Standings([judgment("A", "2013"), judgment("B", "2024")], [edge], cite).standing("A", day("2026-07-01"), DUBLIN)
    assert standing.sentence["nl"] == "Let op: deels vervangen in Dublinzaken door B."


def test_what_was_not_decided_is_said_once() -> None:
    edges = [Treatment("A", by, "departs-from", "caution", LegalDate.parse("2024"), scope=(DUBLIN,)) for by in "BC"]
    standing = Standings([judgment(name, "2020") for name in "ABC"], edges, cite).standing("A", day("2025-01-01"), DUBLIN)
    assert standing.sentence["en"].count("not decided for status holders") == 1
    assert standing.sentence["en"].endswith("not decided for status holders.")


def test_treatment_is_seen_from_both_ends_and_at_a_date() -> None:
    assert [edge.by for edge in CORPUS.treatment_of(DENMARK_2022)] == ["ECLI:NL:RVS:2023:3286", CJEU_2023, JUNE_2024]
    assert [edge.by for edge in CORPUS.treatment_of(DENMARK_2022, as_of=day("2023-12-31"))] == ["ECLI:NL:RVS:2023:3286", CJEU_2023]
    assert [edge.of for edge in CORPUS.treatments_by(JUNE_2024)] == [DENMARK_2022]


ids = st.sampled_from("ABCDE")
days = st.dates(dt.date(2015, 1, 1), dt.date(2027, 12, 31))
edges = st.builds(
    Treatment,
    of=ids,
    by=ids,
    type=st.sampled_from(["follows", "distinguishes", "departs-from", "overrules", "superseded-by-legislation"]),
    effect=st.sampled_from(["none", "caution", "overtaken"]),
    date=st.none() | days.map(LegalDate.of) | st.sampled_from(["2019", "2021-03"]).map(LegalDate.parse),
    scope=st.sampled_from([None, (DUBLIN,), (STATUS,), (DUBLIN, STATUS)]),
).filter(lambda edge: edge.of != edge.by)
tracks = st.sampled_from([None, DUBLIN, STATUS])
corpus_of = st.lists(edges, max_size=8)
some = [judgment(name, date) for name, date in zip("ABCDE", ["2014", "2014-02", "2014-03-04", None, "2014"], strict=True)]
ORDER = [StandingValue.GOOD, StandingValue.UNKNOWN, StandingValue.CAUTION, StandingValue.OVERTAKEN]


@given(corpus_of, ids, days, days, tracks)
def test_time_never_makes_an_authority_better(edges: list[Treatment], name: str, one: dt.date, other: dt.date, track: Track | None) -> None:
    standings = Standings(some, edges, cite)
    earlier, later = (standings.standing(name, moment, track).value for moment in sorted([one, other]))
    assert ORDER.index(earlier) <= ORDER.index(later)


@given(corpus_of, ids, days, tracks)
def test_nothing_is_overtaken_without_a_successor(edges: list[Treatment], name: str, as_of: dt.date, track: Track | None) -> None:
    standing = Standings(some, edges, cite).standing(name, as_of, track)
    assert (standing.value is StandingValue.OVERTAKEN) == bool(standing.successors)
    assert name not in [item.document_id for item in standing.successors]
    assert standing.sentence["nl"]
    assert standing.sentence["en"]


@given(corpus_of, ids, days, tracks, st.randoms())
def test_the_order_of_the_edges_does_not_matter(
    edges: list[Treatment], name: str, as_of: dt.date, track: Track | None, random: object
) -> None:
    shuffled = [*edges, *edges[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Standings(some, edges, cite).standing(name, as_of, track) == Standings(some, shuffled, cite).standing(name, as_of, track)


@given(corpus_of, ids, days)
def test_without_a_track_it_is_never_better_than_on_either(edges: list[Treatment], name: str, as_of: dt.date) -> None:
    standings = Standings(some, edges, cite)
    each = [ORDER.index(standings.standing(name, as_of, track).value) for track in Track]
    assert ORDER.index(standings.standing(name, as_of).value) == max(each)


# --- the shipped corpus ----------------------------------------------------------------------------------------------------------------

CORPUS_DIR = Path(__file__).parents[3] / "corpus"
TEN_DATES = [
    "2018-06-01", "2020-01-01", "2021-07-28", "2022-09-15", "2023-10-01", "2024-01-15", "2024-07-01", "2025-07-23", "2026-03-05",
    "2026-11-01",
]  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> Standings:
    content = load_corpus(CORPUS_DIR)
    courts = Courts.load(CORPUS_DIR / "courts" / "courts.toml")
    documents = [document for document, _, _ in content.documents]
    return Standings(documents, content.treatments, lambda document, place: real_cite(document, place, courts))


@pytest.fixture(scope="module")
def shipped_ids() -> list[str]:
    return [document.id for document, _, _ in load_corpus(CORPUS_DIR).documents]


def test_no_overtaken_authority_of_the_corpus_stands_alone_at_ten_dates_and_on_both_tracks(
    shipped: Standings, shipped_ids: list[str]
) -> None:
    seen = 0
    for document_id in shipped_ids:
        for date in TEN_DATES:
            for track in (DUBLIN, STATUS, None):
                standing = shipped.standing(document_id, day(date), track)
                if standing.value is StandingValue.OVERTAKEN:
                    seen += 1
                    assert standing.successors, (document_id, date, track)
                    for successor in standing.successors:
                        assert shipped.standing(successor.document_id, day(date), track).value is not StandingValue.OVERTAKEN
    assert seen > 40  # the walk met overtaken ones


@pytest.mark.parametrize(
    ("document_id", "as_of", "track", "value", "successor"),
    [
        ("ECLI:NL:RVS:2022:1862", "2024-07-01", DUBLIN, "overtaken", "RVS:202304791/1/V2"),
        ("ECLI:NL:RVS:2022:1864", "2024-07-01", DUBLIN, "overtaken", "RVS:202304791/1/V2"),
        ("ECLI:NL:RVS:2022:1864", "2024-07-01", STATUS, "caution", None),
        ("ECLI:NL:RVS:2023:3286", "2024-07-01", STATUS, "good", None),
        ("ECLI:NL:RVS:2024:896", "2025-07-22", DUBLIN, "good", None),
        ("ECLI:NL:RVS:2024:896", "2025-07-23", DUBLIN, "overtaken", "ECLI:NL:RVS:2025:3305"),
        ("ECLI:NL:RVS:2018:1795", "2026-11-01", STATUS, "overtaken", "ECLI:NL:RVS:2021:1626"),
        ("ECLI:NL:RBDHA:2022:3044", "2026-11-01", STATUS, "overtaken", "ECLI:NL:RVS:2025:2865"),
        ("ECLI:EU:C:2024:82", "2026-11-01", STATUS, "caution", None),
        ("ECHR-52334/19", "2026-11-01", STATUS, "caution", None),
    ],
)
def test_the_corpus_knows_what_overtook_what(
    shipped: Standings, document_id: str, as_of: str, track: Track, value: str, successor: str | None
) -> None:
    standing = shipped.standing(document_id, day(as_of), track)
    assert standing.value == value
    if successor:
        assert successor in [item.document_id for item in standing.successors]


def test_the_sentence_of_the_corpus_reads_as_a_lawyer_would_write_it(shipped: Standings) -> None:
    sentence = shipped.standing("ECLI:NL:RVS:2022:1864", day("2024-07-01"), DUBLIN).sentence["nl"]
    assert sentence.startswith("Verlaten in Dublinzaken door ABRvS 12 juni 2024")
    assert "202304791/1/V2" in sentence
    assert sentence.endswith("; voor statushouders niet beslist.")
