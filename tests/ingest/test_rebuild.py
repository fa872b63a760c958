"""A data directory of an older program needs no hand: the builder makes the library again."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from ingest.withdrawals import Withdrawal
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.domain.documents import Kind
from kb.errors import StoreDamaged
from kb.store.generations import Generations, Manifest, OpenGeneration, file_digests
from kb.store.library import Library
from tests.ingest.builds import CATALOGUED, pipeline, small_corpus
from tests.ingest.test_pipeline import letter
from tests.ingest.test_withdrawals import DAY, NEW, OTHER, ruling

# the tables as the first schema had them
_BEFORE = """
drop table stated;
create table older (
  passage_id text not null, document_id text not null, start_char integer not null, end_char integer not null, text text not null,
  target text not null, kind text not null, pinpoint text, primary key (passage_id, start_char, end_char, target)
) without rowid;
insert or ignore into older select passage_id, document_id, start_char, end_char, text, target, kind, pinpoint from citation;
drop table citation;
alter table older rename to citation;
update meta set value = '1' where key = 'schema';
"""


@pytest.fixture
def build(tmp_path: Path) -> Pipeline:
    return pipeline(tmp_path / "data", small_corpus(tmp_path / "corpus"))


def opened(tmp_path: Path) -> OpenGeneration:
    return Generations(tmp_path / "data", MemoryEngine()).open_current(HashingEmbedder())


def age(tmp_path: Path, script: str = _BEFORE) -> None:
    """The current generation as the first version of the program would have left it."""
    directory = (tmp_path / "data" / "store" / "CURRENT").resolve()
    with closing(sqlite3.connect(directory / "library.sqlite", isolation_level=None)) as db:
        db.executescript(script)
        db.execute("vacuum")
    manifest = Manifest.read(directory / "manifest.json")
    (directory / "manifest.json").write_text(replace(manifest, files=file_digests(directory)).to_json(), encoding="utf-8")


def held(library: Library) -> list[tuple[object, ...]]:
    return [
        (e.key, e.form, e.version, e.current, e.trust, e.source_name, e.text, tuple(p.id for p in library.passages(e.key)))
        for document in library.documents()
        for e in library.expressions(document.id)
    ]


def test_a_library_of_an_older_schema_is_made_again_with_every_version(build: Pipeline, tmp_path: Path) -> None:
    path = letter(tmp_path / "in" / "brief.txt", "de huisvesting")
    build.ingest([str(path)], document_id="kst-30573-900", kind=Kind.LETTER)
    letter(path, "de arbeid")
    build.ingest([str(path)], document_id="kst-30573-900", kind=Kind.LETTER)
    build.ingest([str(letter(tmp_path / "in" / "eigen.txt", "het eigen stuk"))], trust="upload")
    build.ingest([ruling(tmp_path / "in", CATALOGUED, cites=NEW), ruling(tmp_path / "in", NEW)])
    gone = build.ingest([str(letter(tmp_path / "in" / "weg.txt", "wat weg moet"))]).entries[0].document_id
    assert gone
    build.forget(gone)
    build.withdraw([Withdrawal(OTHER, "ecli", NEW, DAY)])
    before, documents = held(opened(tmp_path).library), opened(tmp_path).library.documents()

    age(tmp_path)
    old = opened(tmp_path)
    assert old.library.schema == 1
    assert held(old.library) == before  # it answers until it is made again
    assert old.library.citations_to(NEW)[0].named == ()
    old.close()

    outcome = build.ingest([])
    assert (outcome.changed, outcome.restored, outcome.entries) == (True, 5, [])
    library = opened(tmp_path).library
    assert library.schema == 2
    assert held(library) == before
    assert library.documents() == documents
    assert library.citations_to(NEW)[0].named == (NEW,)
    assert library.document(OTHER).id == NEW
    assert library.verify() == []
    lines = build.ingest([str(tmp_path / "in" / "weg.txt"), ruling(tmp_path / "in", OTHER)]).entries
    assert [line.reason for line in lines] == ["forgotten", "replaced"]
    assert not build.ingest([]).changed


def test_a_text_without_its_original_is_taken_over_as_it_stands(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", OTHER, cites=NEW), ruling(tmp_path / "in", NEW)])
    library = opened(tmp_path).library
    before = held(library)
    original = build._original(library.expressions(OTHER)[0].source_sha256)
    age(tmp_path)
    original.unlink()
    outcome = build.ingest([])
    assert (outcome.restored, outcome.entries) == (2, [])
    assert held(opened(tmp_path).library) == before
    assert [link.passage_id for link in opened(tmp_path).library.citations_to(NEW)] == [f"{OTHER}#ro-2"]


def test_a_text_that_cannot_be_made_again_is_a_line_of_the_ledger(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", OTHER), ruling(tmp_path / "in", NEW)])
    original = build._original(opened(tmp_path).library.expressions(OTHER)[0].source_sha256)
    # a schema that this program reads nothing from but what every schema has
    age(tmp_path, "update meta set value = '0' where key = 'schema';")
    original.unlink()
    with pytest.raises(StoreDamaged, match="run `dublin-kb ingest`"):
        opened(tmp_path)
    outcome = build.ingest([])
    assert outcome.restored == 1
    assert [(line.document_id, line.status, line.reason) for line in outcome.entries] == [(OTHER, "failed", "no-original")]
    assert outcome.failed
    assert opened(tmp_path).library.find_document(OTHER) is None


def test_a_library_of_a_newer_program_is_refused_and_left_alone(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([])
    name = opened(tmp_path).name
    age(tmp_path, "update meta set value = '99' where key = 'schema';")
    with pytest.raises(StoreDamaged, match="use the version that wrote it"):
        opened(tmp_path)
    with pytest.raises(StoreDamaged):
        build.ingest([])
    assert Generations(tmp_path / "data", MemoryEngine()).current_name() == name


def test_what_an_older_library_does_not_tell_is_said_with_the_remedy(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([])
    age(tmp_path, "update meta set value = '1' where key = 'schema'; drop table expression;")
    with pytest.raises(StoreDamaged, match="restore a backup"):
        build.ingest([])
