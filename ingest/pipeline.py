"""The steps in order: inputs to documents, documents to a library, a library to an index, and one pointer at the end.

Everything happens in a private generation. A run that is killed leaves the old generation answering and nothing half-done; the next
run starts again, and the vectors that were computed are still there.
"""

import datetime as dt
import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from ingest.assemble import Assembled, Assembler, with_stated
from ingest.chunk import chunk_texts
from ingest.corpus import CorpusContent, load_corpus
from ingest.erasing import Erasing
from ingest.erasure import Traces, facts_in
from ingest.parse.model import ParsedDocument, coverage
from ingest.rebuild import Restored, as_version, facts_of, rebuild
from ingest.withdrawals import Withdrawal, Withdrawn, as_noted, as_withdrawn, refused
from kb.domain.courts import Courts
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Expression, Kind, Passage
from kb.domain.identifiers import point_id
from kb.domain.pinpoints import PinpointKind
from kb.domain.references import ReferenceFinder
from kb.errors import InputRejected, KbError
from kb.ports import Embedder, IndexEngine, Point
from kb.retrieval import lexical, passages
from kb.retrieval.dense import language_means
from kb.retrieval.identify import build_resolver
from kb.settings import Settings
from kb.store import arrivals
from kb.store.generations import PROBES, Build, Generations, Manifest, file_digests
from kb.store.ledger import Entry, Ledger
from kb.store.library import SCHEMA_VERSION, Library, LibraryWriter, schema_of
from kb.store.vectors import VectorCache, space_key

_MIN_COVERAGE = 0.99


class Progress(Protocol):
    """Told of each long step: its name, how much is done and how much there is."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that came from elsewhere: what the ledger calls it, and the official id under which it was asked for."""

    name: str
    path: Path
    document_id: str | None = None


class FileReader(Protocol):
    """Reads one file in a limited child process. Raises: InputRejected."""

    def __call__(self, path: Path) -> Sequence[ParsedDocument]: ...


def silent(step: str, done: int, total: int) -> None:
    """No progress shown."""
    del step, done, total


@dataclass(frozen=True)
class Outcome:
    """What a run did: its ledger, and the generation that answers afterwards."""

    entries: list[Entry]
    generation: str | None
    changed: bool
    seconds: dict[str, float] = field(default_factory=dict)
    restored: int = 0  # texts read again because the library was one of an older program

    @property
    def failed(self) -> bool:
        return any(entry.status == "failed" for entry in self.entries)


class Pipeline:
    """One builder's work. Raises from its methods: StoreBusy, NoSpace, CorpusInvalid, ModelError."""

    def __init__(
        self,
        settings: Settings,
        *,
        embedder: Callable[[], Embedder],
        engine: IndexEngine,
        read: FileReader,
        progress: Progress = silent,
    ) -> None:
        self._settings = settings
        self._make_embedder = embedder
        self._engine = engine
        self._read = read
        self._progress = progress
        self._generations = Generations(settings.data_dir, engine)
        self._lexicon = lexical.Lexicon.load(settings.corpus_dir / "lexicon")
        self._courts = Courts.load(settings.corpus_dir / "courts" / "courts.toml")
        self._finder = ReferenceFinder(settings.corpus_dir / "patterns")

    def ingest(
        self,
        inputs: Sequence[str | NamedFile | Entry],
        *,
        kind: Kind | None = None,
        document_id: str | None = None,
        trust: str = "official",
        rebuild: bool = False,
    ) -> Outcome:
        """Brings the corpus and the inputs (files, folders, files with an id of their own) into the store.

        An input that failed before it was a file is given as its ledger line, and kept. Every file is one ledger line, or one for each
        document in it. What cannot be read fails alone. With `rebuild` everything held is embedded and indexed again, whatever changed.
        """
        started = time.monotonic()
        self._erasing().finish_earlier()
        ledger = Ledger(self._settings.data_dir / "ledger.sqlite")
        try:
            with self._generations.building() as build:
                run = ledger.start()
                writer, restored = self._writer(build)
                try:
                    changed = self._sync_corpus(writer)
                    entries = self._take(writer, inputs, kind=kind, document_id=document_id, trust=trust)
                    if restored is not None:
                        entries, changed = [*restored.lost, *entries], True
                    changed = changed or any(entry.status in ("indexed", "new-version") for entry in entries)
                    parsed_at = time.monotonic()
                    current = self._generations.current_name()
                    if changed or rebuild or current is None or self._other_rules(current):
                        current = self._finish(build, writer)
                        changed = True
                    else:
                        writer.discard()
                except BaseException:
                    writer.discard()
                    raise
                ledger.finish(run, entries, current)
                if changed:
                    self._generations.retire(self._settings.keep_generations)
        finally:
            ledger.close()
        seconds = {"reading": parsed_at - started, "indexing": time.monotonic() - parsed_at}
        return Outcome(entries, current, changed, seconds, restored=restored.texts if restored else 0)

    def forget(self, document_id: str) -> dict[str, int]:
        """Erases a document everywhere: texts, passages, index, vectors, originals, ledger lines, old generations.

        Returns how much of each was removed. A catalogued document loses the texts that were ingested; its digest belongs to the
        corpus directory and is taken out there. Raises: NotFound.
        """
        return self._erasing().forget(document_id)

    def withdraw(self, withdrawals: Sequence[Withdrawal]) -> list[Withdrawn]:
        """Applies the publishers' withdrawals: the texts go everywhere, as with `forget`, and old identifiers find the new ones.

        What we say ourselves stays: the metadata, with a note, our digest, our treatment. One answer each, in the order given; what
        was known already changes nothing.
        """
        return self._erasing().withdraw(withdrawals)

    def _erasing(self) -> Erasing:
        return Erasing(
            data_dir=self._settings.data_dir,
            generations=self._generations,
            writer=lambda build: self._writer(build)[0],
            sync=lambda writer: self._sync_corpus(writer, again=True),
            finish=lambda build, writer: self._finish(build, writer, purge=True),
        )

    def _writer(self, build: Build) -> tuple[LibraryWriter, Restored | None]:
        """The library to work in: a copy of the current one; or, where an older program wrote that one, a new one made from the
        originals and the corpus, with what became of it. Raises: StoreDamaged."""
        base, path = build.base_library, build.directory / "library.sqlite"
        if base is not None and schema_of(base) >= SCHEMA_VERSION:
            return LibraryWriter.copy_of(base, path), None
        writer = LibraryWriter(path)
        for key, value in Traces(self._settings.data_dir).remembered().items():
            writer.set_meta(key, value)  # also where the store itself was moved aside
        if base is None:
            return writer, None
        try:
            for key, value in facts_of(base).items():
                writer.set_meta(key, value)
            self._sync_corpus(writer)
            restored = rebuild(
                base,
                writer,
                self._assembler(writer),
                read=self._read,
                original=self._original,
                keep=lambda made, parsed: self._keep(writer, made.expression.source_name, made, parsed),
                progress=lambda done, total: self._progress("reading again", done, total),
            )
        except BaseException:
            writer.discard()
            raise
        return writer, restored

    # -- the corpus ------------------------------------------------------------------------------------------------------------

    def _sync_corpus(self, writer: LibraryWriter, *, again: bool = False) -> bool:
        """Brings catalogue and digests into the library when they differ from those it holds, or `again`; True when something
        changed."""
        content = load_corpus(self._settings.corpus_dir)
        if writer.meta("corpus_sha256") == content.sha256 and not again:
            return False
        content = as_withdrawn(content, writer)
        self._progress("corpus", 0, len(content.documents))
        held = {document.id: document for document in writer.documents() if document.catalogued}
        wanted = {document.id for document, _, _ in content.documents}
        for gone in sorted(held.keys() - wanted):
            self._uncatalogue(writer, held[gone])
        for number, (document, aliases, texts) in enumerate(content.documents, 1):
            document = replace(document, catalogued=True)
            for expression in writer.expressions(document.id, with_text=False):
                if expression.trust == "curated":
                    writer.drop_expression(expression.key)
                elif expression.current and (stated := writer.stated(expression.key)):
                    document = with_stated(document, stated)
            writer.put_document(document, aliases)
            for expression, own in texts:
                writer.put_expression(expression, own)
            self._progress("corpus", number, len(content.documents))
        self._link_corpus(writer, content)
        writer.replace_treatments(content.treatments)
        writer.replace_externals(content.externals)
        writer.set_meta("corpus_sha256", content.sha256)
        return True

    def _link_corpus(self, writer: LibraryWriter, content: CorpusContent) -> None:
        """The citations inside the digests, once every document of the corpus can be resolved."""
        assembler = self._assembler(writer)
        for _, _, texts in content.documents:
            for expression, own in texts:
                writer.put_expression(expression, own, assembler.links(expression, own))

    @staticmethod
    def _uncatalogue(writer: LibraryWriter, document: Document) -> None:
        kept = [e for e in writer.expressions(document.id, with_text=False) if e.trust != "curated"]
        if kept:
            writer.put_document(replace(document, catalogued=False, verification=None))
        else:
            writer.drop_document(document.id)

    # -- the inputs ------------------------------------------------------------------------------------------------------------

    def _take(
        self,
        writer: LibraryWriter,
        inputs: Sequence[str | NamedFile | Entry],
        *,
        kind: Kind | None,
        document_id: str | None,
        trust: str,
    ) -> list[Entry]:
        entries: list[Entry] = []
        files = list(_expand(inputs, entries))
        self._progress("reading", 0, len(files))
        seen: set[str] = set()
        assembler = self._assembler(writer)
        for number, file in enumerate(files, 1):
            own_id = file.document_id or document_id
            entries += self._take_file(writer, assembler, file.name, file.path, seen, kind=kind, document_id=own_id, trust=trust)
            self._progress("reading", number, len(files))
        return entries

    def _take_file(
        self,
        writer: LibraryWriter,
        assembler: Assembler,
        name: str,
        path: Path,
        seen: set[str],
        *,
        kind: Kind | None,
        document_id: str | None,
        trust: str,
    ) -> list[Entry]:
        try:
            digest = _file_sha256(path)
        except OSError as error:
            return [Entry(name, None, None, "failed", "unreadable", detail=f"{type(error).__name__}: {error.strerror}")]
        if digest in seen:
            return [Entry(name, None, None, "skipped", "duplicate", detail="the same bytes were read in this run under another name")]
        seen.add(digest)
        held = writer.holds_source(digest)
        if not held and (forgotten := writer.meta(f"forgotten-source:{digest}")):
            return [Entry(name, forgotten, None, "skipped", "forgotten", detail="this file was erased with `dublin-kb forget`")]
        if held and not self._rules_changed(held) and document_id is None and kind is None:
            return self._held_already(writer, name, held)
        try:
            parsed = self._read(path)
            if not parsed:
                raise InputRejected("no-text", "the file holds no document")
        except InputRejected as error:
            return [Entry(name, None, None, "failed", error.reason, detail=str(error))]
        made: list[Entry] = []
        for position, document in enumerate(parsed):
            label = name if len(parsed) == 1 else f"{name}[{position + 1}]"
            try:
                assembled = assembler.assemble(
                    document,
                    source_sha256=digest,
                    source_name=path.name,
                    position=position,
                    kind=kind,
                    document_id=document_id,
                    trust=trust,
                )
                made.append(refused(writer, label, assembled.document, digest) or self._keep(writer, label, assembled, document))
            except InputRejected as error:
                made.append(Entry(label, document.metadata.id, None, "failed", error.reason, detail=str(error)))
            except KbError as error:
                made.append(Entry(label, document.metadata.id, None, "failed", error.code, detail=str(error)))
        gone = any(entry.reason in ("forgotten", "withdrawn", "replaced") for entry in made)
        if any(entry.status in ("indexed", "new-version") for entry in made) and not gone:
            self._keep_original(path, digest)
        return made

    def _keep(self, writer: LibraryWriter, name: str, new: Assembled, parsed: ParsedDocument) -> Entry:
        """One document into the library: new, unchanged, a new version, or less than what is held."""
        document, expression = new.document, new.expression
        if not new.passages:
            raise InputRejected("no-text", "no passage was found in the text")
        held = {e.form: e for e in writer.expressions(document.id, with_text=False) if e.current}
        current = held.get(expression.form)
        details = list(new.warnings)
        if (share := coverage(parsed)) < _MIN_COVERAGE:
            details.append(f"{share:.1%} of the text is in a passage")
        detail = "; ".join(details) or None
        base = Entry(name, document.id, str(document.kind), "indexed", passages=len(new.passages), detail=detail)
        if current is None:
            writer.put_document(as_noted(document, writer))
            writer.put_expression(expression, new.passages, new.citations, stated=new.stated)
            return base
        if current.source_sha256 != expression.source_sha256:
            if current.text_sha256 == expression.text_sha256:
                return replace(
                    base, status="skipped", reason="duplicate", passages=0, detail=f"the same text is held from {current.source_name}"
                )
            if _rank(current.parser) > _rank(expression.parser):
                reason = f"{document.id} is held from {current.source_name}, whose structure tells more"
                return replace(base, status="skipped", reason="better-source-held", passages=0, detail=reason)
            self._retire_expression(writer, current)
            writer.put_document(as_noted(_merged(writer.find_document(document.id), document), writer))
            writer.put_expression(replace(expression, version=current.version + 1), new.passages, new.citations, stated=new.stated)
            return replace(base, status="new-version", reason=f"version {current.version + 1}")
        writer.put_document(as_noted(_merged(writer.find_document(document.id), document), writer))
        writer.put_expression(replace(expression, version=current.version), new.passages, new.citations, stated=new.stated)
        return replace(base, reason="read-again")

    @staticmethod
    def _retire_expression(writer: LibraryWriter, current: Expression) -> None:
        """The old text stays citable under `@v1`; it is no longer searched."""
        full, own = writer.expression(current.key), writer.passages(current.key)
        links, stated = writer.citations_from(current.document_id), writer.stated(current.key)
        writer.drop_expression(current.key)
        expression, passages, citations = as_version(full, own, links, version=full.version, current=False)
        writer.put_expression(expression, passages, citations, stated=stated)

    @staticmethod
    def _held_already(writer: LibraryWriter, name: str, held: Sequence[Expression]) -> list[Entry]:
        made = []
        for expression in held:
            document = writer.document(expression.document_id)
            label = name if len(held) == 1 else f"{name}[{expression.document_id}]"
            count = len(writer.passages(expression.key))
            if expression.source_name == Path(name).name:
                made.append(Entry(label, document.id, str(document.kind), "unchanged", passages=count))
            else:
                detail = f"the same bytes are held from {expression.source_name}"
                made.append(Entry(label, document.id, str(document.kind), "skipped", "duplicate", detail=detail))
        return made

    @staticmethod
    def _rules_changed(held: Sequence[Expression]) -> bool:
        """Whether a newer parser would read this file."""
        from ingest.parse import patterns, voice_doubt
        from ingest.parse.registry import parser_versions

        versions = parser_versions() | {name: f"{name}/{patterns.load(name)['version']}" for name in ("voice-nl",)}
        versions[voice_doubt.NAME] = f"{voice_doubt.NAME}/{voice_doubt.load_doubt().version}"
        rules = [rule for e in held for rule in e.parser.split("+")]  # `rechtspraak/1+voice-nl/1`
        return any(versions.get(rule.partition("/")[0], rule) != rule for rule in rules)

    def _assembler(self, writer: LibraryWriter) -> Assembler:
        return Assembler(
            courts=self._courts,
            finder=self._finder,
            resolver=build_resolver(writer),
            catalogued=lambda document_id: d if (d := writer.find_document(document_id)) and d.catalogued else None,
            sections_of=lambda date: _cited_sections(writer, date),
        )

    def _original(self, digest: str) -> Path:
        return self._settings.data_dir / "originals" / digest[:2] / digest

    def _keep_original(self, path: Path, digest: str) -> None:
        target = self._original(digest)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_suffix(".part")
            shutil.copyfile(path, temporary)
            temporary.replace(target)

    # -- the index -------------------------------------------------------------------------------------------------------------

    def _other_rules(self, current: str) -> bool:
        """Whether the current generation was made with another model, stemmer, chunker or engine than this run would use."""
        try:
            manifest = Manifest.read(self._generations.root / current / "manifest.json")
        except KbError:
            return True
        same = manifest.stemmer == lexical.VERSION and manifest.chunker == passages.CHUNKER and manifest.engine == self._engine.name
        return not same or not manifest.space.same_as(self._make_embedder().space)

    def _finish(self, build: Build, writer: LibraryWriter, *, purge: bool = False) -> str:
        """Links, embeds, indexes and publishes what the library holds."""
        writer.relink()
        embedder = self._make_embedder()
        held = list(writer.searchable())
        contexts = [passages.context_line(document, passage) for document, _, passage in held]
        chunks = chunk_texts(contexts, [passage.display or passage.text for _, _, passage in held], embedder)
        cache = VectorCache(self._settings.data_dir / "cache" / "vectors.sqlite")
        try:
            vectors = cache.embed(embedder, [chunk.text for chunk in chunks], lambda done, total: self._progress("embedding", done, total))
            probes = embedder.embed_passages(list(PROBES))
            if purge:
                cache.keep_only(embedder.space, [chunk.text for chunk in chunks])
        finally:
            cache.close()

        stems = [self._lexicon.stems(passages.words_of(document, passage), passage.language) for document, _, passage in held]
        writer.replace_stems(_stem_frequencies(held, stems))

        def points() -> Iterator[Point]:
            for number, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True), 1):
                document, _, passage = held[chunk.passage]
                payload = passages.payload_of(document, passage, stems[chunk.passage])
                yield Point(point_id(passage.id, passage.text_sha256, chunk.number), vector, payload)
                if number % 1000 == 0 or number == len(chunks):
                    self._progress("indexing", number, len(chunks))

        counts = writer.counts()
        content = hashlib.sha256(space_key(embedder.space).encode())
        for chunk in chunks:
            passage = held[chunk.passage][2]
            content.update(f"{passage.id} {passage.text_sha256} {chunk.number}\n".encode())
        corpus_sha256 = writer.meta("corpus_sha256") or ""
        arrivals.mark(writer, dt.datetime.now(dt.UTC))
        facts = facts_in(writer)
        writer.finish()
        total = self._engine.build(build.directory / "index", points(), dimension=embedder.space.dimension)
        build.publish(
            Manifest(
                generation=build.name,
                engine=self._engine.name,
                space=embedder.space,
                probes=[[float(x) for x in row] for row in probes],
                language_means=language_means(vectors, [held[chunk.passage][2].language for chunk in chunks]),
                stemmer=lexical.VERSION,
                chunker=passages.CHUNKER,
                corpus_sha256=corpus_sha256,
                content_sha256=content.hexdigest(),
                documents=counts["documents"],
                passages=len(held),
                points=total,
                files=file_digests(build.directory),
                made_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            )
        )
        Traces(self._settings.data_dir).remember(facts)
        return build.name


def _stem_frequencies(held: Sequence[tuple[Document, Expression, Passage]], stems: Sequence[Sequence[str]]) -> dict[str, Counter[str]]:
    """In how many passages of each language each stem stands."""
    found: dict[str, Counter[str]] = {}
    for (_, _, passage), own in zip(held, stems, strict=True):
        found.setdefault(passage.language, Counter()).update(set(own))
    return found


def _cited_sections(library: Library, date: LegalDate) -> list[tuple[str, set[str]]]:
    """The catalogued documents of a day, with the slugs of the sections that their digests cite."""
    found = []
    for document in library.documents():
        if document.catalogued and document.date == date:
            slugs = {
                passage.pinpoint.slug
                for expression in library.expressions(document.id, with_text=False)
                if expression.trust == "curated"
                for passage in library.passages(expression.key)
                if passage.pinpoint and passage.pinpoint.kind is PinpointKind.SECTION
            }
            found.append((document.id, slugs))
    return found


def _expand(inputs: Sequence[str | NamedFile | Entry], entries: list[Entry]) -> Iterator[NamedFile]:
    """The files of each input; a folder gives its files in name order, hidden ones and links left out."""
    for given in inputs:
        if isinstance(given, Entry):
            entries.append(given)
            continue
        if isinstance(given, NamedFile):
            yield given
            continue
        path = Path(given)
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink() and not _hidden(p.relative_to(path)))
            if not found:
                entries.append(Entry(given, None, None, "failed", "empty-folder", detail="the folder holds no files"))
            for file in found:
                yield NamedFile(str(file), file)
        elif path.exists():
            yield NamedFile(given, path)
        elif given.upper().startswith("ECLI:"):
            detail = "an identifier is fetched by `dublin-kb ingest ECLI:…` or `dublin-kb fetch`, not by an upload"
            entries.append(Entry(given, given, None, "failed", "not-fetched", detail=detail))
        else:
            entries.append(Entry(given, None, None, "failed", "not-found", detail="there is no such file or folder"))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _rank(parser: str) -> int:
    """A publisher's own structure tells more than another project's normalised form, whose places are found in running text."""
    return 0 if "rows" in parser else 1


def withdraw(
    settings: Settings,
    withdrawals: Sequence[Withdrawal],
    *,
    embedder: Callable[[], Embedder] | None = None,
    engine: IndexEngine | None = None,
) -> list[Withdrawn]:
    """The publishers' withdrawals applied to the store of `settings`, see `Pipeline.withdraw`; model and engine are those of the
    settings unless given. Raises: StoreBusy, NoSpace, CorpusInvalid."""
    from kb.wiring import build_embedder, build_engine

    def unread(path: Path) -> Sequence[ParsedDocument]:
        raise InputRejected("not-read", f"a withdrawal reads no files: {path.name}")

    made = Pipeline(
        settings,
        embedder=embedder or (lambda: build_embedder(settings, bulk=True)),
        engine=engine or build_engine(settings),
        read=unread,
    )
    return made.withdraw(withdrawals)


def _merged(held: Document | None, new: Document) -> Document:
    """A catalogued document stays the curated one; another is replaced by what its newest source states."""
    return new if held is None or not held.catalogued else replace(held, extra={**held.extra, **new.extra})
