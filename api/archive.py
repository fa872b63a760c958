"""Backup and restore: one tar of the generation that answers, the originals and the ledger. An archive is data, never code, and
nothing of it is believed before it is verified.

The saved files of the embedded engine are complete after it is closed, and a published generation is never written again, so a
backup needs no pause.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from api.errors import ArchiveRefused
from kb.errors import NoSpace, SettingsInvalid, StoreDamaged, StoreEmpty
from kb.settings import Settings
from kb.store.generations import Generations, Manifest, damaged_files
from kb.store.library import Library
from kb.wiring import build_engine

FORMAT = "dublin-kb backup 1"
_HEADER = "backup.json"
_ROOTS = ("generation", "originals")
_LEDGER = "ledger.sqlite"
_VOUCHED = ("generation/manifest.json", _LEDGER)
_MAX_MEMBERS = 2_000_000


@dataclass(frozen=True, slots=True)
class Archived:
    generation: str
    files: int
    size_bytes: int


def write_backup(settings: Settings, target: Path) -> Archived:
    """Writes the archive beside `target` first, so that a broken run leaves none. Only the owner can read it.

    Raises: StoreEmpty, StoreDamaged where the generation is not as published, SettingsInvalid with a Qdrant server.
    """
    generations = _generations(settings)
    name = generations.current_name()
    if name is None:
        raise StoreEmpty("there is nothing to back up yet: run `dublin-kb ingest`")
    directory = generations.root / name
    manifest = Manifest.read(directory / "manifest.json")
    if damage := damaged_files(directory, manifest):
        raise StoreDamaged(f"{name} is not backed up, it is damaged: {'; '.join(damage[:5])}. Run `dublin-kb doctor`")
    members = [("generation/" + str(path.relative_to(directory)), path) for path in _files(directory)]
    originals = settings.data_dir / "originals"
    members += [("originals/" + str(path.relative_to(originals)), path) for path in _files(originals)]
    if (settings.data_dir / _LEDGER).is_file():
        members.append((_LEDGER, settings.data_dir / _LEDGER))
    # the manifest vouches for the generation's files, the originals carry their own hash; the header vouches for the rest
    header = json.dumps({"format": FORMAT, "generation": name, "files": len(members), "sha256": _loose_digests(dict(members))}).encode()
    part = target.with_name(target.name + ".part")
    size = 0
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w") as tar:
                info = tarfile.TarInfo(_HEADER)
                info.size = len(header)
                tar.addfile(info, io.BytesIO(header))
                for member, path in members:
                    info = tarfile.TarInfo(member)
                    info.size = path.stat().st_size
                    size += info.size
                    with path.open("rb") as source:
                        tar.addfile(info, source)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Archived(name, len(members), size)


def restore_backup(settings: Settings, source: Path) -> Archived:
    """Unpacks into a place of its own, verifies every file and every passage, and only then switches.

    Raises: ArchiveRefused for links, odd names, a file that is not what the manifest says; NoSpace; StoreBusy.
    """
    generations = _generations(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if source.is_file() and shutil.disk_usage(settings.data_dir).free < 2 * source.stat().st_size:
        raise NoSpace(f"{settings.data_dir} has too little room to unpack {source}: make room, then try again")
    unpacked = Path(tempfile.mkdtemp(prefix=".restore-", dir=settings.data_dir))
    try:
        count, size = _unpack(source, unpacked)
        manifest = _verified(unpacked, count)
        with generations.building() as build:
            for path in sorted((unpacked / "generation").iterdir()):
                if path.name != "manifest.json":
                    path.replace(build.directory / path.name)
            for path in _files(unpacked / "originals"):
                kept = settings.data_dir / "originals" / path.relative_to(unpacked / "originals")
                kept.parent.mkdir(parents=True, exist_ok=True)
                path.replace(kept)
            if (unpacked / _LEDGER).is_file():
                (unpacked / _LEDGER).replace(settings.data_dir / _LEDGER)
            build.publish(replace(manifest, generation=build.name))
            return Archived(build.name, count, size)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _generations(settings: Settings) -> Generations:
    if settings.qdrant_url:
        raise SettingsInvalid(
            "with KB_QDRANT_URL the index lives on that server and is not in a backup of ours: take a snapshot there, "
            "and copy the data directory; `dublin-kb ingest --rebuild` makes the index again"
        )
    return Generations(settings.data_dir, build_engine(settings))


def _loose_digests(members: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 of the manifest and of the ledger, as far as they are there."""
    return {name: _sha256(members[name]) for name in _VOUCHED if name in members}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(directory: Path) -> Iterator[Path]:
    if directory.is_dir():
        yield from (path for path in sorted(directory.rglob("*")) if path.is_file() and not path.is_symlink())


def _unpack(source: Path, target: Path) -> tuple[int, int]:
    """Files and bytes unpacked. Every member is checked by us, whatever the library would allow."""
    count = size = 0
    try:
        with tarfile.open(source, mode="r:") as tar:
            for number, info in enumerate(tar):
                if number == 0 and info.name != _HEADER:
                    raise ArchiveRefused(f"{source} is not an archive of `dublin-kb backup`")
                if number > _MAX_MEMBERS:
                    raise ArchiveRefused(f"{source} holds more than {_MAX_MEMBERS} files")
                path = target / _safe_name(info)
                body = tar.extractfile(info)
                if body is None:
                    raise ArchiveRefused(f"{source}: {info.name!r} holds no file")
                path.parent.mkdir(parents=True, exist_ok=True)
                with body, path.open("xb") as written:
                    shutil.copyfileobj(body, written)
                count, size = count + 1, size + info.size
    except FileExistsError as error:
        raise ArchiveRefused(f"{source} holds the same file twice: {error.filename!r}") from None
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArchiveRefused(f"{source} cannot be read as an archive: {type(error).__name__}: {error}") from error
    if count == 0:
        raise ArchiveRefused(f"{source} is empty")
    return count - 1, size


def _safe_name(info: tarfile.TarInfo) -> PurePosixPath:
    """Raises: ArchiveRefused for anything but a plain file at one of our places."""
    path = PurePosixPath(info.name)
    known = info.name in (_HEADER, _LEDGER) or (len(path.parts) > 1 and path.parts[0] in _ROOTS)
    plain = info.isreg() and not path.is_absolute() and ".." not in path.parts and "\\" not in info.name and "\x00" not in info.name
    if not (known and plain):
        raise ArchiveRefused(f"the archive holds {info.name[:120]!r}, which is no plain file of a backup: it is not unpacked")
    return path


def _verified(unpacked: Path, count: int) -> Manifest:
    """Raises: ArchiveRefused."""
    try:
        header = json.loads((unpacked / _HEADER).read_text(encoding="utf-8"))
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ArchiveRefused(f"the archive was written by another version than `{FORMAT}`")
    directory = unpacked / "generation"
    there = {name: unpacked / name for name in _VOUCHED if (unpacked / name).is_file()}
    if header.get("sha256") != _loose_digests(there) or header.get("files") != count:
        raise ArchiveRefused("the archive is damaged or was changed: manifest, ledger or number of files are not those of its header")
    try:
        manifest = Manifest.read(directory / "manifest.json")
        if manifest.generation != header.get("generation"):
            raise ArchiveRefused("the archive is damaged or was changed: its header names another generation")
        damage = damaged_files(directory, manifest)
        if not damage:
            with closing(Library(directory / "library.sqlite")) as library:
                damage = library.verify()
    except StoreDamaged as error:
        damage = [str(error)]
    for path in _files(unpacked / "originals"):
        if _sha256(path) != path.name:
            damage.append(f"original {path.name} is not what its name says")
    if damage:
        raise ArchiveRefused(f"the archive is damaged or was changed: {'; '.join(damage[:5])}")
    return manifest
