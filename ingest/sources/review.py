"""New documents that cite a catalogued authority: listed, so that a lawyer decides what they did to it. Nothing is decided here."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ingest.provenance import REVIEW, write_whole
from kb.store.library import Library


@dataclass(frozen=True, slots=True)
class Cited:
    """A catalogued authority in a new document: where it is cited, and which place of it."""

    document_id: str
    pinpoint: str | None
    passage_id: str


@dataclass(frozen=True, slots=True)
class ReviewLine:
    document_id: str
    title: str
    date: str | None
    cites: tuple[Cited, ...]


def to_review(library: Library, new: Sequence[str], catalogued: Collection[str]) -> list[ReviewLine]:
    """One line for each new document that cites a catalogued one, in the order given."""
    lines = []
    for document_id in dict.fromkeys(new):
        document = library.find_document(document_id)
        links = [link for link in library.citations_from(document_id) if link.resolved and link.target in catalogued]
        cites = tuple(dict.fromkeys(Cited(link.target, link.pinpoint, link.passage_id) for link in links if link.target != document_id))
        if document and cites:
            lines.append(ReviewLine(document.id, document.title, document.date.value if document.date else None, cites))
    return lines


def keep_for_review(data_dir: Path, lines: Sequence[ReviewLine]) -> None:
    """Adds the lines to the list on disk; a document that is on it is replaced. Nothing to add: nothing is written."""
    if not lines:
        return
    path = data_dir / REVIEW
    path.parent.mkdir(parents=True, exist_ok=True)
    held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    new = {line.document_id for line in lines}
    kept = [line for line in held if line["document_id"] not in new] + [asdict(line) for line in lines]
    write_whole(path, json.dumps(kept, ensure_ascii=False, indent=1).encode())
