import random
from pathlib import Path

import pytest

from ingest.pipeline import Outcome, Pipeline
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.domain.documents import Document, Kind
from kb.domain.query import Filters
from kb.errors import NotFound
from kb.store.generations import Generations, OpenGeneration
from kb.store.ledger import report
from tests.ingest.builds import CATALOGUED, pipeline, small_corpus

LETTER = """Datum 3 maart 2021
Onderwerp Opvang van statushouders

Geachte voorzitter,

Met deze brief informeer ik u over de opvang van statushouders in de gemeenten en over {subject}.

De overdracht

De overdracht van vreemdelingen aan een andere lidstaat blijft mogelijk. Zie ECLI:NL:RVS:2021:1626.

De Staatssecretaris van Justitie en Veiligheid,
"""


@pytest.fixture
def build(tmp_path: Path) -> Pipeline:
    return pipeline(tmp_path / "data", small_corpus(tmp_path / "corpus"))


def opened(tmp_path: Path) -> OpenGeneration:
    return Generations(tmp_path / "data", MemoryEngine()).open_current(HashingEmbedder())


def ingested(generation: OpenGeneration) -> list[Document]:
    return [document for document in generation.library.documents() if not document.catalogued]


def letter(path: Path, subject: str = "de huisvesting") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(LETTER.format(subject=subject), encoding="utf-8")
    return path


def statuses(outcome: Outcome) -> list[tuple[str, str | None]]:
    return [(entry.status, entry.reason) for entry in outcome.entries]


def test_a_second_ingest_changes_nothing(build: Pipeline, tmp_path: Path) -> None:
    path = letter(tmp_path / "in" / "brief.txt")
    first = build.ingest([str(path)])
    assert statuses(first) == [("indexed", None)]
    manifest = opened(tmp_path).manifest
    for _ in range(2):
        again = build.ingest([str(path)])
        assert statuses(again) == [("unchanged", None)]
        assert not again.changed
        assert again.entries[0].passages == first.entries[0].passages
        assert opened(tmp_path).manifest == manifest
    rebuilt = build.ingest([str(path)], rebuild=True)
    assert rebuilt.changed
    assert opened(tmp_path).manifest.content_sha256 == manifest.content_sha256


def test_the_good_files_of_a_folder_are_indexed_and_the_bad_one_is_named(build: Pipeline, tmp_path: Path) -> None:
    letter(tmp_path / "in" / "a.txt", "een")
    letter(tmp_path / "in" / "b.txt", "twee")
    (tmp_path / "in" / "empty.txt").write_text("")
    (tmp_path / "in" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    (tmp_path / "in" / ".hidden").write_text("not mine")
    outcome = build.ingest([str(tmp_path / "in")])
    found = {Path(entry.input).name: (entry.status, entry.reason) for entry in outcome.entries}
    assert found["a.txt"] == found["b.txt"] == ("indexed", None)
    assert found["empty.txt"] == ("failed", "empty")
    assert found["broken.pdf"][0] == "failed"
    assert set(found) == {"a.txt", "b.txt", "empty.txt", "broken.pdf"}
    assert outcome.failed
    totals = report(outcome.entries)["totals"]
    assert totals["inputs"] == totals["indexed"] + totals["failed"] == 4
    assert len(ingested(opened(tmp_path))) == 2


def test_one_text_under_two_names_is_held_once(build: Pipeline, tmp_path: Path) -> None:
    one, two = letter(tmp_path / "in" / "one.txt"), letter(tmp_path / "in" / "two.txt")
    assert statuses(build.ingest([str(one), str(two)])) == [("indexed", None), ("skipped", "duplicate")]
    assert statuses(build.ingest([str(one), str(two)])) == [("unchanged", None), ("skipped", "duplicate")]
    assert statuses(build.ingest([str(two)])) == [("skipped", "duplicate")]
    assert len(ingested(opened(tmp_path))) == 1


def test_what_is_not_there_is_said(build: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "void").mkdir()
    outcome = build.ingest([str(tmp_path / "nothing.txt"), str(tmp_path / "void")])
    assert sorted(statuses(outcome)) == [("failed", "empty-folder"), ("failed", "not-found")]


def test_every_passage_is_its_slice_of_the_stored_text(build: Pipeline, tmp_path: Path) -> None:
    path = letter(tmp_path / "in" / "brief.txt")
    build.ingest([str(path)])
    library = opened(tmp_path).library
    document = ingested(opened(tmp_path))[0]
    expression = library.expressions(document.id)[0]
    assert expression.text == path.read_text(encoding="utf-8")
    passages = library.passages(expression.key)
    assert passages
    assert all(passage.text == expression.text[passage.start_char : passage.end_char] for passage in passages)
    assert {link.target for link in library.citations_from(document.id)} == {"ECLI:NL:RVS:2021:1626"}


def test_a_changed_ruling_is_a_new_version_and_the_old_one_stays_citable(build: Pipeline, tmp_path: Path) -> None:
    path = letter(tmp_path / "in" / "brief.txt", "de huisvesting")
    build.ingest([str(path)], document_id="kst-30573-900", kind=Kind.LETTER)
    letter(path, "de arbeid")
    outcome = build.ingest([str(path)], document_id="kst-30573-900", kind=Kind.LETTER)
    assert statuses(outcome) == [("new-version", "version 2")]
    generation = opened(tmp_path)
    library = generation.library
    forms = {(e.version, e.current): e for e in library.expressions("kst-30573-900")}
    assert set(forms) == {(1, False), (2, True)}
    slug = library.passages(forms[2, True].key)[0].id.rpartition("#")[2]
    assert "de arbeid" in library.resolve_passage(f"kst-30573-900#{slug}").text + library.passages(forms[2, True].key)[1].text
    old = library.passages(forms[1, False].key)
    assert all(passage.id.startswith("kst-30573-900@v1#") for passage in old)
    assert library.resolve_passage(old[0].id).text == old[0].text
    assert generation.index.count(Filters(documents=("kst-30573-900",))) == len(library.passages(forms[2, True].key))
    # the first version comes in again: it is known, and nothing moves
    letter(path, "de huisvesting")
    assert not build.ingest([str(path)]).changed


def test_an_upload_cannot_take_an_official_id(build: Pipeline, tmp_path: Path) -> None:
    outcome = build.ingest([str(letter(tmp_path / "in" / "brief.txt"))], document_id="ECLI:NL:RVS:2021:1626", trust="upload")
    assert outcome.entries[0].document_id is not None
    assert outcome.entries[0].document_id.startswith("file:")
    assert "cannot claim ECLI:NL:RVS:2021:1626" in (outcome.entries[0].detail or "")


def test_what_is_forgotten_is_nowhere_on_disk_and_does_not_come_back(build: Pipeline, tmp_path: Path) -> None:
    marker = "onvergetelijkmerkteken"
    path = letter(tmp_path / "in" / f"{marker}.txt", marker)
    build.ingest([str(path), str(letter(tmp_path / "in" / "other.txt"))])
    document_id = build.ingest([str(path)]).entries[0].document_id
    assert document_id
    data = tmp_path / "data"
    assert any(marker.encode() in file.read_bytes() for file in data.rglob("*") if file.is_file())
    removed = build.forget(document_id)
    assert removed["passages"] > 0
    left = [file for file in data.rglob("*") if file.is_file() and marker.encode() in file.read_bytes().lower()]
    assert left == []
    assert statuses(build.ingest([str(path)])) == [("skipped", "forgotten")]
    assert len(ingested(opened(tmp_path))) == 1
    with pytest.raises(NotFound):
        build.forget(document_id)


@pytest.mark.parametrize("seed", range(3))
def test_the_store_is_what_a_dictionary_says_after_random_work(tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    corpus = small_corpus(tmp_path / "corpus")
    folder = tmp_path / "in"
    model: dict[str, str] = {}  # document id -> subject
    gone: set[str] = set()
    for step in range(25):
        build = pipeline(tmp_path / "data", corpus)
        action = choose.choice(["ingest", "ingest", "again", "change", "forget", "reopen"])
        name = f"kst-1-{choose.randrange(6)}"
        if action in ("ingest", "change"):
            subject = f"onderwerp {step}"
            build.ingest([str(letter(folder / f"{name}.txt", subject))], document_id=name)
            model[name] = subject
            gone.discard(name)
        elif action == "again" and name in model:
            letter(folder / f"{name}.txt", model[name])
            assert not build.ingest([str(folder / f"{name}.txt")]).changed, (seed, step)
        elif action == "forget" and name in model:
            build.forget(name)
            del model[name]
        if not model:
            continue
        generation = opened(tmp_path)
        library = generation.library
        held = {d.id: next(e for e in library.expressions(d.id) if e.current) for d in ingested(generation)}
        assert set(held) == set(model), (seed, step, action)
        assert all(model[name] in expression.text for name, expression in held.items()), (seed, step, action)
        current = sum(len(library.passages(e.key)) for e in held.values())
        curated = generation.index.count(Filters(documents=(CATALOGUED,)))
        assert generation.index.count(Filters()) == current + curated, (seed, step, action)
        assert library.verify() == []
        for name in held:
            expected = len(library.passages(held[name].key))
            assert generation.index.count(Filters(documents=(name,))) == expected
        generation.close()
