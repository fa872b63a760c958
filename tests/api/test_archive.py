"""Backup and restore: the same answers come back, and an archive that was touched is refused before anything changes (T43)."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from api import archive
from api.errors import ArchiveRefused
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.domain.query import Query
from kb.errors import SettingsInvalid, StoreBusy, StoreDamaged, StoreEmpty
from kb.settings import Settings
from kb.store.generations import Generations
from kb.store.ledger import Entry, Ledger
from kb.wiring import KnowledgeBase
from tests import factories


@pytest.fixture(autouse=True)
def in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "build_engine", lambda _: MemoryEngine())


@pytest.fixture
def stored(data_dir: Path) -> Settings:
    """A store with an original and a ledger."""
    import hashlib

    base = factories.knowledge_base(data_dir)
    digest = hashlib.sha256(b"original").hexdigest()
    original = data_dir / "originals" / digest[:2] / digest
    original.parent.mkdir(parents=True)
    original.write_bytes(b"original")
    ledger = Ledger(data_dir / "ledger.sqlite")
    ledger.finish(ledger.start(), [Entry("a.txt", "file:1", "other", "indexed")], "gen-000001")
    ledger.close()
    return base.settings


def answers(settings: Settings) -> list[tuple[str, float, str]]:
    import datetime as dt

    base = KnowledgeBase(settings, embedder=HashingEmbedder(), engine=MemoryEngine())
    result = base.search(Query("verschil in beschermingsbeleid", dt.date(2026, 1, 1)))
    assert result.hits
    return [(hit.passage.id, hit.score, hit.passage.text) for hit in result.hits]


def test_a_backup_restored_elsewhere_gives_the_same_answers(stored: Settings, tmp_path: Path) -> None:
    made = archive.write_backup(stored, tmp_path / "kb.tar")
    assert (tmp_path / "kb.tar").stat().st_mode & 0o077 == 0
    other = factories.settings(tmp_path / "elsewhere")
    restored = archive.restore_backup(other, tmp_path / "kb.tar")
    assert restored.files == made.files
    assert answers(other) == answers(stored)
    assert [p.read_bytes() for p in (other.data_dir / "originals").rglob("*") if p.is_file()] == [b"original"]
    ledger = Ledger(other.data_dir / "ledger.sqlite")
    assert ledger.entries(1)[0].input == "a.txt"
    ledger.close()
    assert not list(other.data_dir.glob(".restore-*"))


def test_restoring_over_a_store_keeps_the_older_generation_beside_it(stored: Settings, tmp_path: Path) -> None:
    archive.write_backup(stored, tmp_path / "kb.tar")
    archive.restore_backup(stored, tmp_path / "kb.tar")
    generations = Generations(stored.data_dir, MemoryEngine())
    assert generations.names() == ["gen-000001", "gen-000002"]
    assert generations.current_name() == "gen-000002"


def _rewritten(source: Path, target: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes] | None]) -> Path:
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for info in old:
            body = old.extractfile(info)
            changed = change(info, body.read() if body else b"")
            if changed:
                changed[0].size = len(changed[1])
                new.addfile(changed[0], io.BytesIO(changed[1]))
    return target


def _with(source: Path, target: Path, info: tarfile.TarInfo, body: bytes = b"x") -> Path:
    _rewritten(source, target, lambda i, b: (i, b))
    with tarfile.open(target, "a") as tar:
        if info.isreg():
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
        else:
            tar.addfile(info)
    return target


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    "extra",
    [
        _member("../outside"),
        _member("originals/../../outside"),
        _member("/etc/outside"),
        _member("generation/link", tarfile.SYMTYPE, "/etc/passwd"),
        _member("originals/hard", tarfile.LNKTYPE, "backup.json"),
        _member("generation/pipe", tarfile.FIFOTYPE),
        _member("generation/device", tarfile.CHRTYPE),
        _member("generation"),
        _member("store/CURRENT"),
        _member("generation\\..\\x"),
        _member("generation/manifest.json"),
        _member("generation/extra"),
        _member("originals/ab/notahash"),
    ],
    ids=lambda info: f"{info.name}-{info.type!r}",
)
def test_what_is_no_plain_file_of_a_backup_is_never_unpacked(stored: Settings, tmp_path: Path, extra: tarfile.TarInfo) -> None:
    archive.write_backup(stored, tmp_path / "kb.tar")
    bad = _with(tmp_path / "kb.tar", tmp_path / "bad.tar", extra)
    other = factories.settings(tmp_path / "elsewhere")
    with pytest.raises(ArchiveRefused):
        archive.restore_backup(other, bad)
    assert not (tmp_path / "outside").exists()
    assert not [path for path in other.data_dir.rglob("*") if path.is_file() and path.name != "build.lock"]


@pytest.mark.parametrize(
    "name", ["generation/library.sqlite", "generation/index/points.jsonl", "generation/manifest.json", "backup.json", "ledger.sqlite"]
)
@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_changed_archive_is_refused_and_the_store_is_as_it_was(stored: Settings, tmp_path: Path, name: str, how: str) -> None:
    archive.write_backup(stored, tmp_path / "kb.tar")

    def change(info: tarfile.TarInfo, body: bytes) -> tuple[tarfile.TarInfo, bytes] | None:
        if info.name != name:
            return info, body
        middle = len(body) // 2
        flipped = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        return {"changed": (info, flipped), "cut": (info, body[:middle]), "gone": None}[how]

    bad = _rewritten(tmp_path / "kb.tar", tmp_path / "bad.tar", change)
    before = answers(stored)
    with pytest.raises(ArchiveRefused):
        archive.restore_backup(stored, bad)
    assert Generations(stored.data_dir, MemoryEngine()).names() == ["gen-000001"]
    assert answers(stored) == before


def test_what_is_not_an_archive_is_refused(stored: Settings, tmp_path: Path) -> None:
    for body in (b"", b"no tar", b"\x1f\x8b" + b"0" * 100, b"x" * 20_000):
        (tmp_path / "bad.tar").write_bytes(body)
        with pytest.raises(ArchiveRefused):
            archive.restore_backup(stored, tmp_path / "bad.tar")
    with pytest.raises(ArchiveRefused):
        archive.restore_backup(stored, tmp_path / "none.tar")


def test_a_cut_archive_is_refused(stored: Settings, tmp_path: Path) -> None:
    archive.write_backup(stored, tmp_path / "kb.tar")
    whole = (tmp_path / "kb.tar").read_bytes()
    for length in (100, 600, len(whole) // 3, len(whole) // 2):
        (tmp_path / "bad.tar").write_bytes(whole[:length])
        with pytest.raises(ArchiveRefused):
            archive.restore_backup(factories.settings(tmp_path / "elsewhere"), tmp_path / "bad.tar")


def test_a_damaged_or_empty_store_is_not_backed_up(stored: Settings, tmp_path: Path) -> None:
    with pytest.raises(StoreEmpty):
        archive.write_backup(factories.settings(tmp_path / "elsewhere"), tmp_path / "kb.tar")
    library = stored.data_dir / "store" / "gen-000001" / "library.sqlite"
    library.write_bytes(library.read_bytes()[:-10])
    with pytest.raises(StoreDamaged):
        archive.write_backup(stored, tmp_path / "kb.tar")
    assert not list(tmp_path.glob("kb.tar*"))


def test_restore_waits_for_no_builder(stored: Settings, tmp_path: Path) -> None:
    archive.write_backup(stored, tmp_path / "kb.tar")
    with Generations(stored.data_dir, MemoryEngine()).building(), pytest.raises(StoreBusy):
        archive.restore_backup(stored, tmp_path / "kb.tar")


def test_with_a_server_the_index_is_not_ours_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        archive.write_backup(factories.settings(tmp_path, qdrant_url="http://127.0.0.1:1"), tmp_path / "kb.tar")
