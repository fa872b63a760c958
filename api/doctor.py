"""What is wrong with this installation, each finding with its remedy, and what the knowledge base holds."""

import importlib.metadata
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from api import surroundings
from api.auth import Keys, is_loopback, require_safe_address
from api.findings import Finding, Level
from kb.errors import CorpusInvalid, KbError, StoreDamaged, StoreEmpty
from kb.ports import Embedder
from kb.settings import Settings
from kb.store.generations import Generations, Manifest, current_library, damaged_files, require_same_space
from kb.store.ledger import Ledger, report
from kb.store.library import Library
from kb.wiring import KnowledgeBase, build_embedder, build_engine

# for a check that ends with an error of its own
_REMEDIES = {
    "address": "set KB_API_KEYS (or KB_OIDC_ISSUER), or KB_HOST=127.0.0.1",
    "corpus": "point KB_CORPUS_DIR at the folder `corpus` of this version",
    "files": "let the account that runs this own KB_DATA_DIR",
    "lock": "let the account that runs this own KB_DATA_DIR; move a damaged ledger.sqlite away",
    "store": "run `dublin-kb ingest --rebuild`, or restore a backup",
}
_PYTHON = (3, 11)
_ROOM_FACTOR = 3  # a new generation is built beside the old one


def examine() -> list[Finding]:
    """Every check, in the order in which a later one depends on an earlier one. Never raises for what it looks for."""
    found = [*_guarded("python", _python), *_guarded("packages", _packages)]
    try:
        settings = Settings.load()
    except KbError as error:
        return [*found, Finding("problem", "settings", str(error), "correct the KB_* variable or the line in .env")]
    found.append(Finding("ok", "settings", f"data in {settings.data_dir}, corpus in {settings.corpus_dir}"))
    checks: list[tuple[str, Callable[[Settings], Iterator[Finding]]]] = [
        ("address", _address),
        ("corpus", _corpus),
        ("disk", _disk),
        ("files", surroundings.files),
        ("clock", surroundings.clock),
        ("port", surroundings.port),
        ("qdrant", surroundings.server),
        ("sign-in", surroundings.sign_in),
        ("audit", surroundings.audit),
        ("lock", surroundings.lock),
    ]
    for what, check in checks:
        found += _guarded(what, lambda check=check: check(settings))  # type: ignore[misc]
    embedder: Embedder | None = None
    try:
        embedder = build_embedder(settings)
        space = embedder.space
        found.append(Finding("ok", "model", f"{space.name}, {space.dimension} dimensions, weights {space.weights_sha256[:12]}"))
    except Exception as error:
        found.append(Finding("problem", "model", str(error), "install the project's pinned packages, or correct KB_EMBEDDER"))
    return [*found, *_guarded("store", lambda: _store(settings, embedder)), *_guarded("catalogue", lambda: _catalogue(settings))]


def _guarded(what: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """A check that breaks is itself a finding."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except KbError as error:
        found.append(Finding("problem", what, str(error), _REMEDIES.get(what, "do what the message says")))
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        found.append(Finding("problem", what, told, _REMEDIES.get(what, "report this line to the maintainers")))
    return found


def _python() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < _PYTHON:
        yield Finding("problem", "python", version, f"use Python {_PYTHON[0]}.{_PYTHON[1]}: `make serve PYTHON=python3.11`")
    else:
        yield Finding("ok", "python", version)


def _packages() -> Iterator[Finding]:
    """Every installed version against the project's own ranges."""
    from packaging.requirements import Requirement

    try:
        lines = importlib.metadata.requires("dublin-kb") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding(
            "note", "packages", "dublin-kb is not installed as a package; versions were not checked", "run `make serve` or `make test`"
        )
        return
    wanted = [Requirement(line) for line in lines]
    wanted = [need for need in wanted if need.marker is None or need.marker.evaluate({"extra": ""})]
    wrong = 0
    for need in wanted:
        try:
            held = importlib.metadata.version(need.name)
        except importlib.metadata.PackageNotFoundError:
            wrong += 1
            yield Finding("problem", "packages", f"{need.name} is missing", f"install {need.name}{need.specifier}")
            continue
        if not need.specifier.contains(held, prereleases=True):
            wrong += 1
            yield Finding("problem", "packages", f"{need.name} {held} is outside {need.specifier}", f"install {need.name}{need.specifier}")
    if not wrong:
        yield Finding("ok", "packages", f"{len(wanted)} packages within their ranges")


def _address(settings: Settings) -> Iterator[Finding]:
    Keys.of(settings)
    require_safe_address(settings, settings.host)
    beyond = "" if is_loopback(settings.host) else ", reachable from elsewhere, with keys"
    yield Finding("ok", "address", f"{settings.host}:{settings.port}{beyond}")
    if not is_loopback(settings.host) and not settings.allowed_hosts:
        yield Finding(
            "note", "address", "no KB_ALLOWED_HOSTS: the server answers only under its own address", "set it to the server's public names"
        )


def _corpus(settings: Settings) -> Iterator[Finding]:
    from ingest.corpus import check_corpus

    problems = check_corpus(settings.corpus_dir)
    for problem in problems[:20]:
        yield Finding("problem", "corpus", str(problem), "correct that file under corpus/")
    if not problems:
        yield Finding("ok", "corpus", "every catalogue line and digest is as it should be")


def _catalogue(settings: Settings) -> Iterator[Finding]:
    """Our entries beside the official texts that are held; silent where there is neither, which other checks say."""
    from ingest.catalogue_check import check_catalogue

    try:
        with current_library(settings.data_dir) as library:
            made = check_catalogue(settings.corpus_dir, library)
    except (StoreEmpty, StoreDamaged, CorpusInvalid):
        return
    against = f"{made.compared} catalogued documents with an official text"
    if made.differences:
        shown = "; ".join(f"{item.document_id} {item.field}" for item in made.differences[:5])
        message = f"{len(made.differences)} of our values differ from {against}: {shown}"
        yield Finding("note", "catalogue", message, "run `dublin-kb catalogue check`, look at the source, and correct that entry")
    else:
        yield Finding("ok", "catalogue", f"agrees with {against}")


def _disk(settings: Settings) -> Iterator[Finding]:
    place = settings.data_dir if settings.data_dir.exists() else settings.data_dir.resolve().parent
    free = shutil.disk_usage(place).free
    store = settings.data_dir / "store"
    size = sum(path.stat().st_size for path in (store / "CURRENT").resolve().rglob("*") if path.is_file()) if store.is_dir() else 0
    message = f"{free // 2**20} MiB free; the index takes {size // 2**20} MiB"
    if free < _ROOM_FACTOR * max(size, 50 * 2**20):
        yield Finding("problem", "disk", message, f"make room: building needs {_ROOM_FACTOR} times the size of the index")
    else:
        yield Finding("ok", "disk", message)


def _store(settings: Settings, embedder: Embedder | None) -> Iterator[Finding]:
    generations = Generations(settings.data_dir, build_engine(settings))
    current = generations.current_name()
    if current is None:
        yield Finding("problem", "store", "there is no index yet", "run `dublin-kb ingest` (or `make serve`, which does)")
        return
    for name in sorted({*generations.names(), current}):
        mark = " (answers)" if name == current else ""
        level: Level = "problem" if name == current else "note"
        directory = generations.root / name
        try:
            manifest = Manifest.read(directory / "manifest.json")
            damage = damaged_files(directory, manifest)
            if not damage:
                with closing(Library(directory / "library.sqlite")) as library:
                    damage = library.verify()
        except StoreDamaged as error:
            damage = [str(error)]
        for problem in damage[:10]:
            yield Finding(level, "store", f"{name}{mark}: {problem}", "run `dublin-kb ingest --rebuild`, or restore a backup")
        if not damage:
            counts = f"{manifest.documents} documents, {manifest.passages} passages, {manifest.points} points"
            yield Finding("ok", "store", f"{name}{mark}: {counts}, every file and passage as published")
        if not damage and name == current and settings.qdrant_url:
            generations.engine.open(directory / "index").close()
        if not damage and name == current and embedder is not None:
            require_same_space(embedder, manifest)
            yield Finding("ok", "model", f"gives the vectors that {name} holds")


def state(settings: Settings) -> dict[str, Any]:
    """What `dublin-kb status` prints: the generation that answers, its counts, the last run."""
    base = KnowledgeBase(settings)
    name = base.generations.current_name()
    held: dict[str, Any] = {"data_dir": str(settings.data_dir), "generation": name, "older_generations": []}
    if name is not None:
        held["older_generations"] = [other for other in base.generations.names() if other != name]
        manifest = Manifest.read(base.generations.root / name / "manifest.json")
        held |= {"made_at": manifest.made_at, "engine": manifest.engine, "model": manifest.space.name}
        with closing(Library(base.generations.root / name / "library.sqlite")) as library:
            documents = library.documents()
            held |= library.counts()
        held["kinds"] = [f"{count} {kind}" for kind, count in Counter(str(d.kind) for d in documents).most_common()]
        dates = sorted(d.date.value for d in documents if d.date)
        held["earliest"], held["latest"] = (dates[0], dates[-1]) if dates else (None, None)
    if (settings.data_dir / "ledger.sqlite").is_file():
        with closing(Ledger(settings.data_dir / "ledger.sqlite")) as ledger:
            runs = ledger.runs()
            if runs:
                held["last_run"] = f"{runs[-1]['started']} ({runs[-1]['state']})"
                held["last_run_totals"] = [f"{n} {what}" for what, n in report(ledger.entries(runs[-1]["id"]))["totals"].items() if n]
    return held
