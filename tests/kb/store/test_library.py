"""The library of a generation: what goes in comes out, and what was taken out is nowhere."""

import sqlite3
from dataclasses import MISSING, fields, replace
from pathlib import Path

import pytest

from kb.domain.dates import LegalDate
from kb.domain.documents import CitationLink, Document, Expression, Kind, Passage, TextStatus, Track, Treatment, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InvalidIdentifier, NotFound, StoreDamaged
from kb.store.library import Library, LibraryWriter, alias_key, sha256

TEXT = "Eén. Punt 1: de overdracht.\n\nPagina 2\n\nPunt 2: 𝒳 de opvang \u202e x."
DOCUMENT = Document(
    id="ECLI:NL:RVS:2099:1",
    kind=Kind.OPINION,
    court="Afdeling",
    title="Title",
    language="nl",
    date=LegalDate("2099-01"),
    published_on=LegalDate("2099-02-03"),
    facts_from=LegalDate("2098"),
    facts_until=LegalDate("2098-12"),
    title_nl="Titel",
    court_key="nl-rvs",
    case_numbers=("209900001/1/V3", "209900002/1/V3"),
    states=("DK", "GR"),
    deciding_state="NL",
    nationalities=("SY",),
    track=Track.STATUS_HOLDER,
    topics=("housing",),
    outcome="upheld",
    outcome_nl="gegrond",
    official_url="https://example.org/1",
    sitting="Utrecht",
    subtype="advocate-general-opinion",
    aliases=("De zaak van Ύψιλον",),
    verification="verified",
    verification_note={"en": "seen", "nl": "gezien"},
    sources=("BuZa",),
    catalogued=True,
    extra={"procedure": "hoger beroep"},
)
EXPRESSION = Expression(
    document_id=DOCUMENT.id,
    form="official",
    version=2,
    language="nl",
    text_status=TextStatus.VERBATIM,
    text=TEXT,
    text_sha256=sha256(TEXT),
    source_sha256=sha256("bytes"),
    source_name="a.xml",
    parser="test/3",
    current=True,
    trust="upload",
)


def passage(start: int, end: int, slug: str = "ro-1", form: str = "official", document_id: str = DOCUMENT.id) -> Passage:
    mark = "" if form == "official" else f"@{form}"
    text = TEXT[start:end]
    return Passage(
        id=f"{document_id}{mark}#{slug}",
        document_id=document_id,
        form=form,
        ordinal=1,
        pinpoint=Pinpoint(PinpointKind.CONSIDERATION, "1", "r.o. 1"),
        heading_path=("Overwegingen", "De opvang"),
        voice=Voice.APPLICANT,
        text_status=TextStatus.VERBATIM,
        language="nl",
        text=text,
        start_char=start,
        end_char=end,
        display=text,
        text_sha256=sha256(text),
    )


FULL = replace(
    passage(5, len(TEXT)),
    spans=((5, 27), (39, len(TEXT))),
    display="Punt 1: de overdracht. Punt 2: de opvang.",
    page=1,
    printed_page="i",
    derived=True,
    verification="unverified",
    note="gezien in een latere uitspraak",
    footnotes=("fn-1",),
)


def written(path: Path, *passages: Passage, expression: Expression = EXPRESSION, document: Document = DOCUMENT) -> LibraryWriter:
    writer = LibraryWriter(path)
    writer.put_document(document)
    writer.put_expression(expression, list(passages))
    return writer


def opened(writer: LibraryWriter) -> Library:
    writer.finish()
    return Library(writer.path)


def test_the_samples_of_this_file_leave_no_field_at_its_default() -> None:
    """So that a field which is not stored is seen."""
    for sample in (DOCUMENT, EXPRESSION, FULL):
        for field in fields(sample):
            default = field.default if field.default is not MISSING else None
            if (type(sample).__name__, field.name) != ("Expression", "current"):  # two forms of a key: tested apart
                assert getattr(sample, field.name) != default, field.name


def test_every_field_comes_back_as_it_went_in(tmp_path: Path) -> None:
    library = opened(written(tmp_path / "l.sqlite", FULL))
    assert library.document(DOCUMENT.id) == DOCUMENT
    assert library.expressions(DOCUMENT.id) == [EXPRESSION]
    assert library.expression(EXPRESSION.key) == EXPRESSION
    assert library.passages(EXPRESSION.key) == [FULL]
    assert library.passages_by_id([FULL.id, "none#x"]) == {FULL.id: FULL}
    assert library.documents() == [DOCUMENT]


def test_the_barest_document_and_passage_come_back_too(tmp_path: Path) -> None:
    bare = Document("kst-1", Kind.OTHER, "", "t", "nl")
    expression = replace(EXPRESSION, document_id="kst-1", current=False)
    alone = replace(passage(0, 4, "pos-1", "v2", "kst-1"), pinpoint=None, heading_path=(), form="official")
    library = opened(written(tmp_path / "l.sqlite", alone, expression=expression, document=bare))
    assert library.document("kst-1") == bare
    assert library.passages("kst-1@v2") == [alone]
    assert library.expressions("kst-1")[0] == expression


def test_a_text_is_cut_in_code_points(tmp_path: Path) -> None:
    library = opened(written(tmp_path / "l.sqlite", FULL))
    at = TEXT.index("𝒳")
    assert library.text_slice(EXPRESSION.key, at, at + 4) == TEXT[at : at + 4]
    assert library.passages(EXPRESSION.key)[0].text == TEXT[5:]
    with pytest.raises(NotFound):
        library.text_slice("none", 0, 1)


def test_citations_treatments_and_the_rest_come_back(tmp_path: Path) -> None:
    inside = CitationLink(FULL.id, 6, 9, "hier", "kst-2", "kamerstuk", "section-x")
    outside = CitationLink(FULL.id, 10, 12, "daar", "kst-9", "kamerstuk")
    edge = Treatment(
        DOCUMENT.id, "kst-2", "overrules", "overtaken", LegalDate("2099-03"), "ro-1", (Track.DUBLIN_TRANSFER,), "s", {"en": "why"}
    )
    open_edge = Treatment("kst-2", DOCUMENT.id, "follows", "none")
    writer = written(tmp_path / "l.sqlite")
    writer.put_document(Document("kst-2", Kind.LETTER, "", "t", "nl"))
    writer.put_expression(EXPRESSION, [FULL], [inside, outside])
    writer.replace_treatments([edge, open_edge])
    writer.replace_externals({"C-1/99": ["b", "a"]})
    writer.replace_stems({"nl": {"opvang": 3}, "en": {"opvang": 1}})
    writer.set_meta("corpus_sha256", "abc")
    library = opened(writer)
    assert library.citations_from(DOCUMENT.id) == [replace(inside, resolved=True), outside]
    assert library.citations_in(FULL.id) == [replace(inside, resolved=True), outside]
    assert library.citations_to("kst-2") == [replace(inside, resolved=True)]
    assert library.citation_counts() == {"kst-2": 1, "kst-9": 1}
    assert library.treatments() == [edge, open_edge]
    assert library.externals() == {"C-1/99": ["a", "b"]}
    assert library.stem_frequencies("nl", ["opvang", "none"]) == {"opvang": 3}
    assert (library.meta("corpus_sha256"), library.meta("none")) == ("abc", None)
    assert library.counts() == {"documents": 2, "expressions": 1, "passages": 1, "citations": 2, "treatments": 2}


@pytest.mark.parametrize(
    "typed",
    [
        "ECLI:NL:RVS:2099:1",
        "ecli:nl:rvs:2099:1",
        "209900002/1/V3",
        "209900002/1/v3",
        " 209900002/1/V3. ",
        "209900002/1/\u00adV3",
        "de zaak van ύψιλον",
        "De zaak\u00a0van  Ύψιλον",
        "an older id",
    ],
)
def test_a_document_is_found_by_every_name_it_carries(tmp_path: Path, typed: str) -> None:
    writer = LibraryWriter(tmp_path / "l.sqlite")
    writer.put_document(DOCUMENT, [("An Older ID", "former-id")])
    library = opened(writer)
    assert library.document(typed) == DOCUMENT
    with pytest.raises(NotFound, match="no document 'kst-404'"):
        library.document("kst-404")
    assert library.find_document("a#b") is None


def test_a_name_of_two_documents_finds_none_alone_and_both_by_alias(tmp_path: Path) -> None:
    writer = LibraryWriter(tmp_path / "l.sqlite")
    writer.put_document(replace(DOCUMENT, id="b-2", case_numbers=("AWB 1",)))
    writer.put_document(replace(DOCUMENT, id="a-1", case_numbers=("AWB 1",)))
    library = opened(writer)
    assert library.find_document("awb 1") is None
    assert library.resolve_alias("AWB 1") == ["a-1", "b-2"]
    assert ("awb 1", "a-1", "case-number") in library.aliases()


def test_names_that_a_document_lost_are_forgotten(tmp_path: Path) -> None:
    writer = LibraryWriter(tmp_path / "l.sqlite")
    writer.put_document(DOCUMENT)
    writer.put_document(replace(DOCUMENT, case_numbers=("1/1",)))
    assert writer.resolve_alias("209900001/1/V3") == []
    assert writer.resolve_alias("1/1") == [DOCUMENT.id]
    writer.discard()


@pytest.mark.parametrize(("one", "other"), [("C‑297/17", "c-297/17"), ("Tarakhel.", "tarakhel"), ("A  B", "a b")])
def test_aliases_are_compared_folded(one: str, other: str) -> None:
    assert alias_key(one) == alias_key(other)


@pytest.fixture
def three_texts(tmp_path: Path) -> Library:
    """The official text in two versions, and both digests, each with r.o. 1."""
    writer = LibraryWriter(tmp_path / "l.sqlite")
    writer.put_document(DOCUMENT)
    writer.put_expression(EXPRESSION, [passage(0, 4)])
    writer.put_expression(replace(EXPRESSION, version=1, current=False), [passage(5, 27, form="v1")])
    for language in ("nl", "en"):
        form = f"digest-{language}"
        expression = replace(EXPRESSION, form=form, version=1, language=language, text_status=TextStatus.DIGEST)
        writer.put_expression(expression, [replace(passage(0, 4, form=form), language=language), passage(5, 9, "holding", form)])
    return opened(writer)


@pytest.mark.parametrize(
    ("asked", "language", "form"),
    [
        ("#ro-1", "nl", "official"),
        ("#ro-1", "en", "official"),
        ("#holding", "nl", "digest-nl"),
        ("#holding", "en", "digest-en"),
        ("#holding", "de", "digest-en"),
        ("@digest-nl#ro-1", "en", "digest-nl"),
        ("@v1#ro-1", "nl", "v1"),
    ],
)
def test_a_passage_id_opens_the_official_text_else_the_digest_asked_for(three_texts: Library, asked: str, language: str, form: str) -> None:
    for name in (DOCUMENT.id, "209900001/1/V3"):
        assert three_texts.resolve_passage(f"{name}{asked}", language=language).form == form
    with pytest.raises(NotFound, match="no passage 'ro-9'"):
        three_texts.resolve_passage(f"{DOCUMENT.id}#ro-9")
    with pytest.raises(InvalidIdentifier):
        three_texts.resolve_passage(DOCUMENT.id)


def test_an_old_version_stays_citable_and_is_not_searched(three_texts: Library) -> None:
    assert [(e.form, e.current) for e in three_texts.expressions(DOCUMENT.id)][-1] == ("official", False)
    assert three_texts.resolve_passage(f"{DOCUMENT.id}@v1#ro-1").text == TEXT[5:27]
    assert all(expression.current for _, expression, _ in three_texts.searchable())
    assert len(list(three_texts.searchable())) == 5
    assert three_texts.documents_with_form("official") == [DOCUMENT.id]


def test_twins_are_the_current_texts_at_a_place(three_texts: Library) -> None:
    assert [p.form for p in three_texts.twins([(DOCUMENT.id, "ro-1")])] == ["official", "digest-en", "digest-nl"]
    assert [p.form for p in three_texts.twins([(DOCUMENT.id, "holding"), ("none", "ro-1")])] == ["digest-en", "digest-nl"]
    assert three_texts.twins([]) == []
    many = [(f"kst-{number}", "ro-1") for number in range(450)]
    assert len(three_texts.twins([*many, (DOCUMENT.id, "ro-1")])) == 3


def test_a_sound_library_verifies(three_texts: Library) -> None:
    assert three_texts.verify() == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("update expression set text = replace(text, 'overdracht', 'uitzetting')", "its text is not the one that was stored"),
        ("update passage set end_char = end_char - 1", "its text is not the one that was stored"),
        ("update passage set text_sha256 = ''", "its text is not the one that was stored"),
        ("delete from expression", "its text is gone"),
    ],
)
def test_verify_finds_a_passage_that_was_changed(tmp_path: Path, sql: str, said: str) -> None:
    library = opened(written(tmp_path / "l.sqlite", FULL))
    library.close()
    with sqlite3.connect(tmp_path / "l.sqlite") as db:
        db.execute(sql)
    db.close()
    changed = Library(tmp_path / "l.sqlite")
    assert any(FULL.id in problem and said in problem for problem in changed.verify())
    changed.close()


def test_nothing_deleted_is_left_in_the_bytes_of_the_file(tmp_path: Path) -> None:
    secret = "geheimmerkteken"
    text = f"De naam is {secret}. " * 400
    document = replace(DOCUMENT, id="kst-2", title=secret, aliases=(secret,), case_numbers=())
    expression = replace(EXPRESSION, document_id="kst-2", text=text, text_sha256=sha256(text), source_name=f"{secret}.txt")
    own = replace(passage(0, 20, document_id="kst-2"), text=text[:20], text_sha256=sha256(text[:20]), heading_path=(secret,))
    first = written(tmp_path / "first.sqlite", FULL)
    first.put_document(document)
    first.put_expression(expression, [own], [CitationLink(own.id, 0, 5, secret, DOCUMENT.id, "ecli")])
    first.replace_treatments([Treatment("kst-2", DOCUMENT.id, "follows", "none", source=secret)])
    first.finish()
    assert secret.encode() in (tmp_path / "first.sqlite").read_bytes()
    second = LibraryWriter.copy_of(tmp_path / "first.sqlite", tmp_path / "second.sqlite")
    second.drop_document("kst-2")
    second.finish()
    assert secret.encode() not in (tmp_path / "second.sqlite").read_bytes()
    library = Library(tmp_path / "second.sqlite")
    assert library.documents() == [DOCUMENT]
    assert library.treatments() == []
    assert [file.name for file in tmp_path.iterdir()].count("second.sqlite-journal") == 0
    assert secret.encode() in (tmp_path / "first.sqlite").read_bytes()  # the generation before is untouched


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\x00" * 200])
def test_a_file_that_is_no_library_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "l.sqlite").write_bytes(content)
    with pytest.raises(StoreDamaged):
        Library(tmp_path / "l.sqlite")
    with pytest.raises(StoreDamaged):
        Library(tmp_path / "missing.sqlite")


def test_a_library_of_another_schema_is_refused_for_reading_and_for_copying(tmp_path: Path) -> None:
    writer = written(tmp_path / "l.sqlite", FULL)
    writer.set_meta("schema", "999")
    writer.finish()
    with pytest.raises(StoreDamaged, match="another version"):
        Library(tmp_path / "l.sqlite")
    with pytest.raises(StoreDamaged):
        LibraryWriter.copy_of(tmp_path / "l.sqlite", tmp_path / "copy.sqlite")
    assert not (tmp_path / "copy.sqlite").exists()


def test_a_reader_cannot_change_what_it_reads(tmp_path: Path) -> None:
    library = opened(written(tmp_path / "l.sqlite", FULL))
    with pytest.raises(StoreDamaged, match="readonly"):
        library._all("delete from passage")
    assert library.counts()["passages"] == 1
