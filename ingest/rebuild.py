"""A library of an older program made again: from the bytes as they came, and from the corpus.

The old library is asked for what only it knows: which file was which document, in which version, how far it was trusted, and what
was forgotten or withdrawn. Every text is read anew from `originals/`. A text whose original had to be erased (another document in
the same file was withdrawn) is taken over as it stands where the old library can still be read.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.assemble import Assembled, Assembler
from ingest.erasure import FACTS
from ingest.parse.model import ParsedDocument
from ingest.withdrawals import as_noted, refused
from kb.domain.documents import CitationLink, Expression, Kind, Passage
from kb.domain.identifiers import PassageId
from kb.errors import InputRejected, KbError, StoreDamaged
from kb.store.ledger import Entry
from kb.store.library import Library, LibraryWriter

_KEPT = (*FACTS, "arrived:", "arrived-treatment:")  # see kb.store.arrivals

Read = Callable[[Path], Sequence[ParsedDocument]]
Original = Callable[[str], Path]


@dataclass(frozen=True, slots=True)
class Held:
    """What the old library knew of one text that was ingested."""

    document_id: str
    form: str
    version: int
    current: bool
    source_sha256: str
    source_name: str
    trust: str
    kind: str | None  # of the document, None where the catalogue says it


@dataclass(slots=True)
class Restored:
    """What was made again, and what could not be: a ledger line each."""

    texts: int = 0
    lost: list[Entry] = field(default_factory=list)


def as_version(
    expression: Expression, passages: Sequence[Passage], links: Sequence[CitationLink], *, version: int, current: bool
) -> tuple[Expression, list[Passage], list[CitationLink]]:
    """A text as one of its document's versions: passages of an older one carry it in their ids (`…@v1#ro-2`)."""
    made = replace(expression, version=version, current=current)
    form = "" if made.form == "official" else made.form
    if not current:
        form = f"{form}-v{version}" if form else f"v{version}"
    names = {p.id: str(PassageId(p.document_id, form, PassageId.parse(p.id).slug)) for p in passages}
    own = [replace(passage, id=names[passage.id]) for passage in passages]
    return made, own, [replace(link, passage_id=names[link.passage_id]) for link in links if link.passage_id in names]


def rebuild(
    old: Path,
    writer: LibraryWriter,
    assembler: Assembler,
    *,
    read: Read,
    original: Original,
    keep: Callable[[Assembled, ParsedDocument], Entry],
    progress: Callable[[int, int], None],
) -> Restored:
    """Every ingested text of `old` into `writer`, which holds the corpus already.

    Args:
        read: one file in a limited child.
        original: where the bytes of a file (SHA-256) are kept.
        keep: takes a document that an older parser did not see in its file.
    Raises: StoreDamaged where the old library does not tell what it held.
    """
    restored = Restored()
    by_source = _by_source(held_texts(old))
    progress(0, len(by_source))
    with tempfile.TemporaryDirectory(prefix="reading-", dir=writer.path.parent) as folder:
        for number, (source, held) in enumerate(by_source.items(), 1):
            path = original(source)
            if path.is_file():
                named = Path(folder) / (Path(held[0].source_name).name or source)
                shutil.copyfile(path, named)
                try:
                    _read_again(named, held, writer, assembler, read, keep, restored)
                finally:
                    named.unlink()
            else:
                _take_over(old, held, writer, restored)
            progress(number, len(by_source))
    return restored


def facts_of(old: Path) -> dict[str, str]:
    """What was forgotten, withdrawn and replaced, and since when documents are held: what no file tells. Raises: StoreDamaged."""
    return {row["key"]: row["value"] for row in _rows(old, "select key, value from meta") if row["key"].startswith(_KEPT)}


def held_texts(old: Path) -> list[Held]:
    """Every ingested text of a library, whatever its schema. Raises: StoreDamaged, with the remedy."""
    sql = (
        "select e.document_id, e.form, e.version, e.current, e.source_sha256, e.source_name, e.trust,"
        " case when d.catalogued then null else d.kind end as kind"
        " from expression e left join document d on d.id = e.document_id"
        " where e.trust <> 'curated' order by e.version, e.source_name, e.key"
    )
    return [Held(**{**dict(row), "current": bool(row["current"])}) for row in _rows(old, sql)]


def _rows(path: Path, sql: str) -> list[sqlite3.Row]:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql).fetchall()
    except sqlite3.Error as error:
        remedy = "restore a backup, or move the data directory aside and `dublin-kb ingest` your files again"
        raise StoreDamaged(f"library {path} does not tell what it holds ({error}): {remedy}") from error


def _by_source(held: Sequence[Held]) -> Mapping[str, list[Held]]:
    found: dict[str, list[Held]] = {}
    for item in held:
        found.setdefault(item.source_sha256, []).append(item)
    return found


def _read_again(
    path: Path,
    held: Sequence[Held],
    writer: LibraryWriter,
    assembler: Assembler,
    read: Read,
    keep: Callable[[Assembled, ParsedDocument], Entry],
    restored: Restored,
) -> None:
    try:
        parsed = read(path)
    except InputRejected as error:
        restored.lost += [_lost(item, error.reason, str(error)) for item in held]
        return
    known = {(item.document_id, item.form): item for item in held}
    alone = held[0] if len(held) == len(parsed) == 1 else None
    for position, document in enumerate(parsed):
        try:
            made = assembler.assemble(
                document,
                source_sha256=held[0].source_sha256,
                source_name=held[0].source_name,
                position=position,
                kind=Kind(alone.kind) if alone and alone.kind else None,
                document_id=alone.document_id if alone and alone.trust != "upload" else None,
                trust=held[0].trust,
            )
        except KbError as error:
            restored.lost.append(Entry(held[0].source_name, document.metadata.id, None, "failed", error.code, detail=str(error)))
            continue
        item = known.pop((made.document.id, made.expression.form), None)
        if refused(writer, path.name, made.document, held[0].source_sha256):
            continue
        if item is None:
            keep(made, document)
            continue
        _put(writer, made, item)
        restored.texts += 1
    restored.lost += [_lost(item, "not-found-again", "its original is read otherwise by this program") for item in known.values()]


def _put(writer: LibraryWriter, made: Assembled, item: Held) -> None:
    expression, passages, links = as_version(made.expression, made.passages, made.citations, version=item.version, current=item.current)
    if item.current or writer.find_id(made.document.id) != made.document.id:
        writer.put_document(as_noted(made.document, writer))
    writer.put_expression(expression, passages, links, stated=made.stated)


def _take_over(old: Path, held: Sequence[Held], writer: LibraryWriter, restored: Restored) -> None:
    """The texts as the old library has them, where this program can still read it."""
    try:
        with closing(Library(old)) as library:
            for item in held:
                expression = next(e for e in library.expressions(item.document_id) if (e.form, e.version) == (item.form, item.version))
                own = library.passages(expression.key)
                ids = {passage.id for passage in own}
                links = [link for link in library.citations_from(item.document_id) if link.passage_id in ids]
                if writer.find_id(item.document_id) != item.document_id:
                    writer.put_document(library.document(item.document_id))
                writer.put_expression(expression, own, links, stated=library.stated(expression.key))
                restored.texts += 1
    except (KbError, StopIteration, KeyError, TypeError, ValueError) as error:
        detail = f"its original is not kept and the old library cannot be read ({error}): ingest the file again"
        restored.lost += [_lost(item, "no-original", detail) for item in held]


def _lost(item: Held, reason: str, detail: str) -> Entry:
    return Entry(item.source_name, item.document_id, item.kind, "failed", reason, detail=detail)
