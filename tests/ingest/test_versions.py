"""Which text counts: the newest official one; the others stay citable, ours stay ours, and what is erased is erased."""

import datetime as dt
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.archive import Archived
from api.cli import app
from ingest.catalogue_check import check_catalogue
from ingest.erasing import Erasing, erased_since
from ingest.erasure import Pending, Traces
from ingest.pipeline import Pipeline
from ingest.withdrawals import Withdrawal
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.domain.documents import TextStatus, Treatment
from kb.domain.query import Filters, Query
from kb.errors import NotFound
from kb.settings import Settings
from kb.store.generations import Generations, OpenGeneration
from kb.wiring import KnowledgeBase
from tests.ingest.builds import CATALOGUED, pipeline, small_corpus
from tests.ingest.test_withdrawals import DAY, NEW, OTHER, SECRET, files_with, ruling

TODAY = dt.date(2026, 11, 25)


@pytest.fixture
def build(tmp_path: Path) -> Pipeline:
    return pipeline(tmp_path / "data", small_corpus(tmp_path / "corpus"))


def opened(tmp_path: Path) -> OpenGeneration:
    return Generations(tmp_path / "data", MemoryEngine()).open_current(HashingEmbedder())


def knowledge_base(tmp_path: Path) -> KnowledgeBase:
    settings = Settings(data_dir=tmp_path / "data", corpus_dir=tmp_path / "corpus")
    return KnowledgeBase(settings, embedder=HashingEmbedder(), engine=MemoryEngine())


# -- versions ------------------------------------------------------------------------------------------------------------------


def test_a_version_keeps_its_name_before_and_after_it_is_replaced(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", OTHER, words="detentie")])
    first = opened(tmp_path).library
    assert first.resolve_passage(f"{OTHER}@v1#ro-1").text == first.resolve_passage(f"{OTHER}#ro-1").text
    with pytest.raises(NotFound):
        first.resolve_passage(f"{OTHER}@v2#ro-1")
    build.ingest([ruling(tmp_path / "in", OTHER, words="uitzetting", modified="2019-01-01")])
    second = opened(tmp_path).library
    assert "detentie" in second.resolve_passage(f"{OTHER}@v1#ro-1").text
    assert "uitzetting" in second.resolve_passage(f"{OTHER}@v2#ro-1").text
    assert second.resolve_passage(f"{OTHER}@v2#ro-1") == second.resolve_passage(f"{OTHER}#ro-1")
    with pytest.raises(NotFound):
        second.resolve_passage(f"{OTHER}@v3#ro-1")


def test_an_old_version_is_not_searched(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", OTHER, words="wolvenhuid")])
    base = knowledge_base(tmp_path)
    assert [hit.passage.id for hit in base.search(Query("wolvenhuid", as_of=TODAY)).hits][:1] == [f"{OTHER}#ro-1"]
    build.ingest([ruling(tmp_path / "in", OTHER, words="uitzetting", modified="2019-01-01")])
    generation = opened(tmp_path)
    assert generation.index.count(Filters(documents=(OTHER,))) == 3
    assert not [hit for hit in knowledge_base(tmp_path).search(Query("wolvenhuid", as_of=TODAY)).hits if "wolvenhuid" in hit.passage.text]


# -- the publisher's text and ours ---------------------------------------------------------------------------------------------


def test_the_official_text_comes_before_our_digest_and_both_stay_linked(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([])
    alone = opened(tmp_path).library
    assert alone.resolve_passage(f"{CATALOGUED}#holding", language="nl").text_status is TextStatus.DIGEST
    entry = alone.document(CATALOGUED)

    build.ingest([ruling(tmp_path / "in", CATALOGUED)])
    library = opened(tmp_path).library
    assert library.document(CATALOGUED).title == entry.title  # the catalogue's words stay
    assert library.document(CATALOGUED).catalogued
    assert [e.form for e in library.expressions(CATALOGUED)] == ["official", "digest-nl", "digest-en"]
    official = library.resolve_passage(f"{CATALOGUED}#ro-1", language="nl")
    assert (official.text_status, official.form) == (TextStatus.VERBATIM, "official")
    for asked in ("#holding", "@digest-nl#holding"):  # a summary is no place in the official text: it stays ours, and says so
        assert library.resolve_passage(f"{CATALOGUED}{asked}", language="nl").form == "digest-nl"


def test_one_place_in_the_official_text_and_our_digests_is_one_hit(build: Pipeline, tmp_path: Path) -> None:
    digest = next((tmp_path / "corpus" / "digests").glob("*.toml"))
    text = digest.read_text(encoding="utf-8")
    place = 'ref = "r.o. 1"\nstatus = "unverified"\nen = "Fears wolfskin detention."\nnl = "Vreest wolvenhuid in detentie."'
    digest.write_text(f"{text}\n[[passage]]\n{place}\n", encoding="utf-8")
    build.ingest([ruling(tmp_path / "in", CATALOGUED, words="wolvenhuid")])
    library = opened(tmp_path).library
    assert {p.form for p in library.twins([(CATALOGUED, "ro-1")])} == {"official", "digest-nl", "digest-en"}
    hits = [hit for hit in knowledge_base(tmp_path).search(Query("wolvenhuid", as_of=TODAY)).hits if hit.passage.id.endswith("#ro-1")]
    assert [(hit.passage.id, hit.passage.text_status) for hit in hits] == [(f"{CATALOGUED}#ro-1", TextStatus.VERBATIM)]


def test_what_the_source_adds_to_a_catalogue_entry_survives_a_new_corpus(build: Pipeline, tmp_path: Path) -> None:
    build.ingest([ruling(tmp_path / "in", CATALOGUED, docket="NL18.99999")])
    assert "NL18.99999" in opened(tmp_path).library.document(CATALOGUED).case_numbers
    digest = next((tmp_path / "corpus" / "digests").glob("*.toml"))
    digest.write_text(digest.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert build.ingest([]).changed
    assert "NL18.99999" in opened(tmp_path).library.document(CATALOGUED).case_numbers
    assert opened(tmp_path).library.document("NL18.99999").id == CATALOGUED


DOCKET_ID = "NL-RBDHA-NL18.10010"


def known_by_its_number(tmp_path: Path) -> Pipeline:
    """The catalogue's one entry as it was before its ECLI was known."""
    folder = tmp_path / "corpus"
    catalogue, digest = folder / "catalogue" / "nl-rbdha.jsonl", next((folder / "digests").glob("*.toml"))
    entry = json.loads(catalogue.read_text(encoding="utf-8"))
    entry |= {"id": DOCKET_ID, "date": "2018-08-20", "date_precision": "day", "case_numbers": ["NL18.10010"], "aliases": []}
    catalogue.write_text(json.dumps(entry) + "\n", encoding="utf-8")
    digest.with_name(f"{DOCKET_ID}.toml").write_text(digest.read_text(encoding="utf-8").replace(CATALOGUED, DOCKET_ID), encoding="utf-8")
    digest.unlink()
    return pipeline(tmp_path / "data", folder)


def test_an_entry_known_by_its_number_gets_the_text_that_names_its_ecli(build: Pipeline, tmp_path: Path) -> None:
    build = known_by_its_number(tmp_path)
    (line,) = build.ingest([ruling(tmp_path / "in", CATALOGUED)]).entries
    assert (line.document_id, line.detail) == (
        DOCKET_ID,
        f"{CATALOGUED} is recognised as {DOCKET_ID}: the same body, day and number",
    )
    library = opened(tmp_path).library
    assert [e.form for e in library.expressions(DOCKET_ID)] == ["official", "digest-nl", "digest-en"]
    assert library.document(CATALOGUED).id == library.document("NL18.10010").id == DOCKET_ID
    assert [d.id for d in library.documents()] == [DOCKET_ID]
    (addition,) = check_catalogue(tmp_path / "corpus", library).additions
    assert (addition.field, addition.ours, addition.theirs) == ("identifier", DOCKET_ID, CATALOGUED)


@pytest.mark.parametrize(
    ("ecli", "docket", "trust"),
    [
        (CATALOGUED, "NL18.10011", "official"),
        ("ECLI:NL:RBAMS:2018:10010", "NL18.10010", "official"),
        (CATALOGUED, "NL18.10010", "upload"),
    ],
    ids=["other-number", "other-court", "upload"],
)
def test_anything_less_is_no_identity(build: Pipeline, tmp_path: Path, ecli: str, docket: str, trust: str) -> None:
    build = known_by_its_number(tmp_path)
    (line,) = build.ingest([ruling(tmp_path / "in", ecli, docket=docket)], trust=trust).entries
    assert line.document_id != DOCKET_ID
    assert [e.form for e in opened(tmp_path).library.expressions(DOCKET_ID)] == ["digest-nl", "digest-en"]


# -- uploads (threat T13) ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [False, True], ids=["only-catalogued", "held-in-full"])
def test_an_upload_that_claims_a_ruling_is_a_file_of_its_own_and_changes_no_standing(build: Pipeline, tmp_path: Path, held: bool) -> None:
    build.ingest([ruling(tmp_path / "official", CATALOGUED)] if held else [])
    before = opened(tmp_path).library
    standing = knowledge_base(tmp_path).view().standing(CATALOGUED, TODAY)
    forged = ruling(tmp_path / "in", CATALOGUED, words="een verzonnen oordeel", cites="ECLI:NL:RVS:2024:2359")
    (line,) = build.ingest([forged], trust="upload").entries
    assert (line.document_id or "").startswith("file:")
    assert f"cannot claim {CATALOGUED}" in (line.detail or "")
    view = knowledge_base(tmp_path).view()
    assert view.library.document(CATALOGUED) == before.document(CATALOGUED)
    assert view.library.expressions(CATALOGUED) == before.expressions(CATALOGUED)
    assert view.library.treatments() == before.treatments()
    assert view.standing(CATALOGUED, TODAY) == standing
    assert view.library.expressions(line.document_id or "")[0].trust == "upload"
    assert view.library.document(CATALOGUED.casefold()).id == CATALOGUED


def test_an_upload_adds_no_treatment_whatever_it_says(build: Pipeline, tmp_path: Path) -> None:
    words = f"het standpunt dat van {CATALOGUED} wordt teruggekomen"
    build.ingest([ruling(tmp_path / "in", NEW, words=words, cites=CATALOGUED)], trust="upload")
    edges: list[Treatment] = opened(tmp_path).library.treatments()
    assert [edge for edge in edges if edge.of == CATALOGUED] == []


# -- erasure that is cut off ---------------------------------------------------------------------------------------------------


def erase_by_forget(build: Pipeline) -> None:
    build.forget(OTHER)


def erase_by_withdrawal(build: Pipeline) -> None:
    build.withdraw([Withdrawal(OTHER, "doc", None, DAY)])


WAYS = pytest.mark.parametrize("erase", [erase_by_forget, erase_by_withdrawal], ids=["forget", "withdrawal"])


class Killed(Exception):
    """As kill -9: nothing after it runs."""


@WAYS
def test_an_erasure_that_is_killed_after_its_generation_is_finished_by_the_next_run(
    build: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, erase: Callable[[Pipeline], None]
) -> None:
    build.ingest([ruling(tmp_path / "in", OTHER, words=SECRET)])

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Erasing, "erase_traces", killed)
        with pytest.raises(Killed):
            erase(build)
    data = tmp_path / "data"
    assert {path.parts[len(data.parts)] for path in files_with(data, SECRET)} == {"store", "originals"}
    assert not build.ingest([]).changed
    assert files_with(data, SECRET) == []
    assert not (data / "erasing.json").exists()


@WAYS
def test_an_erasure_that_is_killed_before_its_generation_has_not_begun(
    build: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, erase: Callable[[Pipeline], None]
) -> None:
    build.ingest([ruling(tmp_path / "in", OTHER, words=SECRET)])

    def killed(*_: object, **__: object) -> str:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Pipeline, "_finish", killed)
        with pytest.raises(Killed):
            erase(build)
    assert not build.ingest([]).changed
    assert len(opened(tmp_path).library.expressions(OTHER)) == 1
    assert build._original(opened(tmp_path).library.expressions(OTHER)[0].source_sha256).is_file()
    erase(build)
    assert files_with(tmp_path / "data", SECRET) == []


def test_traces_are_planned_before_they_go(tmp_path: Path) -> None:
    traces = Traces(tmp_path)
    assert traces.pending() is None
    traces.plan(Pending(("kst-1",), ("ab" * 32,), ("kst-1",)))
    assert json.loads((tmp_path / "erasing.json").read_text())["documents"] == ["kst-1"]
    assert traces.pending() == Pending(("kst-1",), ("ab" * 32,), ("kst-1",))
    traces.done()
    assert traces.pending() is None
    assert traces.erase(["kst-1"], ["ab" * 32]) == {}


def test_vectors_stay_only_for_texts_that_another_document_has_too(build: Pipeline, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    def vectors() -> int:
        with closing(sqlite3.connect(tmp_path / "data" / "cache" / "vectors.sqlite")) as db:
            return int(db.execute("select count(*) from vector").fetchone()[0])

    build.ingest([ruling(tmp_path / "in", NEW)])
    before = vectors()
    build.ingest([ruling(tmp_path / "in", OTHER, words=SECRET)])
    assert vectors() > before
    build.forget(OTHER)
    assert vectors() == before


@WAYS
def test_a_backup_from_before_an_erasure_does_not_bring_the_text_back(
    build: Pipeline, tmp_path: Path, erase: Callable[[Pipeline], None]
) -> None:
    build.ingest([ruling(tmp_path / "in", OTHER, words=SECRET), ruling(tmp_path / "in", NEW)])
    data, saved = tmp_path / "data", tmp_path / "saved"
    shutil.copytree(data, saved, symlinks=True)
    erase(build)
    assert erased_since(data) == {}
    # what `dublin-kb restore` brings: the generation and the originals of before
    for name in ("store", "originals"):
        shutil.rmtree(data / name)
        shutil.copytree(saved / name, data / name, symlinks=True)
    assert files_with(data, SECRET)
    assert erased_since(data)
    (line,) = build.ingest([ruling(tmp_path / "in", OTHER, words=SECRET)]).entries
    assert line.status == "skipped"
    assert files_with(data, SECRET) == []
    assert erased_since(data) == {}
    shutil.rmtree(data / "store")  # a new beginning beside the same memory
    assert [entry.status for entry in build.ingest([str(tmp_path / "in")]).entries] == ["indexed", "skipped"]
    assert files_with(data, SECRET) == []
    assert len(opened(tmp_path).library.expressions(NEW)) == 1


def test_a_restore_starts_the_builder_where_erased_texts_came_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("api.archive.restore_backup", lambda *_: Archived("gen-000001", 1, 1))
    monkeypatch.setattr("subprocess.run", run)
    assert CliRunner().invoke(app, ["restore", "kb.tar"]).exit_code == 0
    assert calls == []
    monkeypatch.setattr("ingest.erasing.erased_since", lambda _: {"withdrawn:kst-1": "2026-11-20"})
    shown = CliRunner().invoke(app, ["restore", "kb.tar"])
    assert (shown.exit_code, len(calls)) == (0, 1)
    assert "they are erased again" in shown.output
