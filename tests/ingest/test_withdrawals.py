"""What a publisher takes back is nowhere on disk; what we say of it ourselves stays."""

import datetime as dt
import json
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline, withdraw
from ingest.withdrawals import NOTE, Withdrawal
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.errors import NotFound
from kb.settings import Settings
from kb.store.generations import Generations, OpenGeneration
from tests.ingest.builds import CATALOGUED, pipeline, small_corpus

NEW = "ECLI:NL:RBDHA:2018:10011"
NEWEST = "ECLI:NL:RBDHA:2018:10012"
OTHER = "ECLI:NL:RBDHA:2020:77"
DAY = dt.date(2026, 11, 20)
SECRET = "zilverreigermerkteken"

RULING = """<?xml version="1.0" encoding="utf-8"?>
<open-rechtspraak>
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:psi="http://psi.rechtspraak.nl/">
  <rdf:Description>
   <dcterms:identifier>{ecli}</dcterms:identifier><dcterms:modified>{modified}</dcterms:modified>
   <dcterms:creator>Rechtbank Den Haag</dcterms:creator><dcterms:date>2018-08-20</dcterms:date>
   <psi:zaaknummer>{docket}</psi:zaaknummer><dcterms:type>Uitspraak</dcterms:type>
   <psi:procedure>Eerste aanleg - enkelvoudig</psi:procedure>
  </rdf:Description>
  <rdf:Description rdf:about="http://deeplink.rechtspraak.nl/uitspraak?id={ecli}">
   <dcterms:title>{ecli}, Rechtbank Den Haag, {docket}</dcterms:title>
  </rdf:Description>
 </rdf:RDF>
 <uitspraak xmlns="http://www.rechtspraak.nl/schema/rechtspraak-1.0" id="{ecli}:DOC" lang="nl">
  <section role="overwegingen"><title>Overwegingen</title>
   <paragroup><nr>1.</nr><para>Eiser heeft asiel gevraagd en vreest voor {words}.</para></paragroup>
   <paragroup><nr>2.</nr><para>De rechtbank verwijst naar {cites} en oordeelt dat het beroep slaagt.</para></paragroup>
  </section>
  <section role="beslissing"><title>Beslissing</title><para>De rechtbank verklaart het beroep gegrond.</para></section>
 </uitspraak>
</open-rechtspraak>
"""


def ruling(
    folder: Path,
    ecli: str,
    *,
    words: str = "detentie",
    cites: str = "ECLI:NL:RVS:2021:1626",
    modified: str = "2018-09-01T10:00:00",
    docket: str = "",
) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{ecli.rpartition(':')[2]}-{modified[:10]}.xml"
    docket = docket or f"NL18.{ecli.rpartition(':')[2]}"
    path.write_text(RULING.format(ecli=ecli, words=words, cites=cites, modified=modified, docket=docket), encoding="utf-8")
    return str(path)


@pytest.fixture
def build(tmp_path: Path) -> Pipeline:
    return pipeline(tmp_path / "data", small_corpus(tmp_path / "corpus"))


def opened(tmp_path: Path) -> OpenGeneration:
    return Generations(tmp_path / "data", MemoryEngine()).open_current(HashingEmbedder())


def files_with(folder: Path, words: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]


def text_of(document_id: str) -> Withdrawal:
    return Withdrawal(document_id, "doc", None, DAY)


def identifier_of(document_id: str, new: str | None) -> Withdrawal:
    return Withdrawal(document_id, "ecli", new, DAY)


def test_a_withdrawn_text_is_nowhere_on_disk_and_its_metadata_stay(build: Pipeline, tmp_path: Path) -> None:
    first = ruling(tmp_path / "in", OTHER, words=f"{SECRET} eerste")
    second = ruling(tmp_path / "in", OTHER, words=f"{SECRET} tweede", modified="2018-10-01")
    other = ruling(tmp_path / "in", NEW, cites=OTHER)
    for path in (first, other, second):
        build.ingest([path])
    data = tmp_path / "data"
    (data / "cache" / "pages").mkdir()
    (data / "review").mkdir()
    original = build._original(opened(tmp_path).library.expressions(OTHER)[0].source_sha256)
    original.with_name(original.name + ".json").write_text(SECRET)
    (data / "cache" / "pages" / f"{original.name[:16]}-1.png").write_text(SECRET)
    (data / "review" / "new-citations.json").write_text(json.dumps([{"document_id": OTHER, "title": SECRET}]))
    assert len({path.parts[len(data.parts)] for path in files_with(data, SECRET)}) == 4  # store, originals, cache, review

    (done,) = build.withdraw([text_of(OTHER)])

    assert (done.status, done.now, done.removed) == ("erased", OTHER, {"texts": 2, "passages": 6})
    assert files_with(data, SECRET) == []
    generation = opened(tmp_path)
    document = generation.library.document(OTHER)
    assert document.date is not None
    assert (document.date.value, document.case_numbers, document.court) == ("2018-08-20", ("NL18.77",), "Rechtbank Den Haag")
    assert document.extra["procedure"] == "Eerste aanleg - enkelvoudig"
    assert document.extra["remarks_nl"] == "tekst door de uitgever ingetrokken op 2026-11-20"
    assert document.extra["remarks_en"] == "text withdrawn by the publisher on 2026-11-20"
    assert generation.library.expressions(OTHER) == []
    assert [link.passage_id for link in generation.library.citations_to(OTHER)] == [f"{NEW}#ro-2"]  # who cited it still does
    assert generation.library.verify() == []


def test_a_withdrawn_text_does_not_come_back_until_it_is_published_again(build: Pipeline, tmp_path: Path) -> None:
    path = ruling(tmp_path / "in", OTHER, words=SECRET)
    build.ingest([path])
    build.withdraw([text_of(OTHER)])
    elsewhere = ruling(tmp_path / "elsewhere", OTHER, words=f"{SECRET}, overgenomen", modified="2019-01-01")
    lines = build.ingest([path, elsewhere]).entries
    assert [(line.status, line.reason) for line in lines] == [("skipped", "withdrawn")] * 2
    assert "withdrew this text on 2026-11-20" in (lines[0].detail or "")
    assert files_with(tmp_path / "data", SECRET) == []
    again = ruling(tmp_path / "again", OTHER, words="detentie", modified="2026-11-24T09:00:00")
    assert build.ingest([again]).entries[0].status == "indexed"
    document = opened(tmp_path).library.document(OTHER)
    assert "text_withdrawn" not in document.extra
    assert "remarks_nl" not in document.extra


def test_our_own_digest_and_treatment_stay_when_the_official_text_is_withdrawn(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", CATALOGUED, words=SECRET)])
    before = opened(tmp_path).library
    treatments = before.treatments()
    assert [e.form for e in before.expressions(CATALOGUED)] == ["official", "digest-nl", "digest-en"]
    build.withdraw([text_of(CATALOGUED)])
    library = opened(tmp_path).library
    assert [e.form for e in library.expressions(CATALOGUED)] == ["digest-nl", "digest-en"]
    assert library.treatments() == treatments
    document = library.document(CATALOGUED)
    assert document.catalogued
    assert NOTE["nl"].format(day="2026-11-20") in document.extra["remarks_nl"].split("\n")
    # a changed corpus brings the entry in again, and the note with it
    digest = next((tmp_path / "corpus" / "digests").glob("*.toml"))
    digest.write_text(digest.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert build.ingest([]).changed
    assert opened(tmp_path).library.document(CATALOGUED).extra["text_withdrawn"] == "2026-11-20"


def test_a_withdrawn_identifier_finds_the_one_that_replaced_it(build: Pipeline, tmp_path: Path) -> None:
    citing = ruling(tmp_path / "in", NEW, cites=OTHER)
    build.ingest([ruling(tmp_path / "in", OTHER, words=SECRET), ruling(tmp_path / "in", NEWEST), citing])
    (done,) = build.withdraw([identifier_of(OTHER, NEWEST)])
    assert (done.status, done.now) == ("erased", NEWEST)
    library = opened(tmp_path).library
    assert library.document(OTHER).id == NEWEST
    assert library.resolve_passage(f"{OTHER}#ro-1").document_id == NEWEST
    assert files_with(tmp_path / "data", SECRET) == []
    assert [link.passage_id for link in library.citations_to(NEWEST)] == [f"{NEW}#ro-2"]
    assert library.citations_to(NEWEST)[0].resolved
    (line,) = build.ingest([ruling(tmp_path / "late", OTHER, modified="2027-01-01")]).entries
    assert (line.status, line.reason) == ("skipped", "replaced")


def test_a_replacement_that_arrives_later_answers_to_the_old_identifier(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", OTHER), ruling(tmp_path / "in", NEW, cites=OTHER)])
    (done,) = build.withdraw([identifier_of(OTHER, NEWEST)])
    assert done.now is None
    with pytest.raises(NotFound):
        opened(tmp_path).library.document(OTHER)
    build.ingest([ruling(tmp_path / "in", NEWEST)])
    library = opened(tmp_path).library
    assert library.document(OTHER).id == NEWEST
    assert OTHER in library.document(NEWEST).aliases
    assert [link.target for link in library.citations_from(NEW)] == [NEWEST]


def test_a_replaced_identifier_of_the_catalogue_moves_with_digest_and_treatment(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", CATALOGUED, words=SECRET), ruling(tmp_path / "in", NEW)])
    title = opened(tmp_path).library.document(CATALOGUED).title
    (done,) = build.withdraw([identifier_of(CATALOGUED, NEW)])
    assert done.now == NEW
    generation = opened(tmp_path)
    document = generation.library.document(CATALOGUED)
    assert (document.id, document.title, document.catalogued) == (NEW, title, True)
    assert [e.key for e in generation.library.expressions(NEW)] == [NEW, f"{NEW}@digest-nl", f"{NEW}@digest-en"]
    assert generation.library.resolve_passage(f"{CATALOGUED}@digest-nl#holding").document_id == NEW
    assert [d.id for d in generation.library.documents() if d.catalogued] == [NEW]
    assert generation.library.verify() == []


def test_chains_are_followed_and_loops_leave_the_identifiers_alone(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", e, words=SECRET) for e in (OTHER, NEW)] + [ruling(tmp_path / "in", NEWEST)])
    done = build.withdraw([identifier_of(OTHER, NEW), identifier_of(NEW, NEWEST)])
    assert [item.now for item in done] == [NEWEST, NEWEST]
    library = opened(tmp_path).library
    assert library.document(OTHER).id == library.document(NEW).id == NEWEST
    (loop, itself) = build.withdraw([identifier_of(NEWEST, OTHER), identifier_of(NEWEST, NEWEST)])
    assert loop.now == NEWEST
    assert "as they are" in (loop.detail or "")
    assert itself.status == "unchanged"
    assert opened(tmp_path).library.document(NEWEST).extra["text_withdrawn"] == "2026-11-20"
    assert files_with(tmp_path / "data", SECRET) == []


def test_what_is_known_already_changes_nothing(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", OTHER), ruling(tmp_path / "in", NEW)])
    asked = [text_of(OTHER), identifier_of(NEW, NEWEST), text_of("ECLI:NL:RBDHA:1999:1")]
    assert [item.status for item in build.withdraw(asked)] == ["erased", "erased", "noted"]
    name = opened(tmp_path).name
    assert [item.status for item in build.withdraw(asked)] == ["unchanged"] * 3
    assert opened(tmp_path).name == name


def test_one_ruling_of_a_file_with_several_goes_and_the_others_stay(tmp_path: Path) -> None:
    rows = tmp_path / "in" / "rulings.json"
    rows.parent.mkdir()
    rows.write_text("[]")
    one, two = tmp_path / "one", tmp_path / "two"
    paths = {OTHER: ruling(one, OTHER, words=SECRET), NEW: ruling(two, NEW)}

    def both(path: Path) -> list[object]:
        from tests.ingest.builds import read_here

        return [document for known in paths.values() for document in read_here(Path(known))]

    settings = Settings(data_dir=tmp_path / "data", corpus_dir=small_corpus(tmp_path / "corpus"))
    build = Pipeline(settings, embedder=HashingEmbedder, engine=MemoryEngine(), read=both)  # type: ignore[arg-type]
    rows.write_text(SECRET)
    build.ingest([str(rows)])
    (done,) = withdraw(settings, [text_of(OTHER)], embedder=HashingEmbedder, engine=MemoryEngine())
    assert done.status == "erased"
    assert files_with(tmp_path / "data", SECRET) == []
    assert len(opened(tmp_path).library.expressions(NEW)) == 1
    outcome = build.ingest([str(rows)], rebuild=True)
    assert {(line.document_id, line.status) for line in outcome.entries} == {(NEW, "unchanged")}
    assert files_with(tmp_path / "data", SECRET) == []  # the others of the file are held without it
