"""`python -m evals.reading [FOLDER]`: what the parsers make of real documents, as a Markdown table with a row for each subfolder.

`kept` is the lowest share of a document's characters that lie in a passage, furniture aside, and `below` counts the documents under
0.99. `broken` counts passages that overlap, run backwards or leave the text. Both should be nought.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.parse.model import ParsedDocument, coverage
from ingest.parse.registry import sniff
from kb.domain.documents import Voice
from kb.errors import InputRejected

LEAST_KEPT = 0.99


@dataclass(slots=True)
class Read:
    """The sums over one folder."""

    files: int = 0
    documents: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by the ledger's word
    passages: int = 0
    places: int = 0
    derived: int = 0  # places found in running text
    voices: Counter[Voice] = field(default_factory=Counter)
    kept: float = 1.0
    below: list[str] = field(default_factory=list)
    broken: int = 0

    def add(self, document: ParsedDocument, name: str) -> None:
        self.documents += 1
        self.passages += len(document.passages)
        printed = [p for p in document.passages if p.pinpoint]
        self.places += len(printed)
        self.derived += sum(p.derived for p in printed)
        self.voices.update(p.voice for p in document.passages)
        share = coverage(document)
        self.kept = min(self.kept, share)
        if share < LEAST_KEPT:
            self.below.append(f"{name}: {share:.3f}")
        self.broken += _broken(document)


def _broken(document: ParsedDocument) -> int:
    taken, problems, last = set[int](), 0, -1
    for passage in document.passages:
        spans = passage.spans or ((passage.start, passage.end),)
        problems += passage.start < last or not 0 <= passage.start < passage.end <= len(document.text)
        last = passage.start
        for start, end in spans:
            span = range(start, end)
            problems += any(at in taken for at in span)
            taken.update(span)
    return problems


def read(folder: Path) -> dict[str, Read]:
    """Every file below `folder`, by the subfolder it lies in."""
    sums: dict[str, Read] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        parts = path.relative_to(folder).parts
        here = sums.setdefault(parts[0] if len(parts) > 1 else ".", Read())
        here.files += 1
        content = path.read_bytes()
        try:
            documents = sniff(content[:4096], path.name).parse(content, path.name)
        except InputRejected as refused:
            here.refused[refused.reason] += 1
            continue
        for document in documents:
            here.add(document, document.metadata.id or path.name)
    return sums


def as_table(sums: dict[str, Read]) -> Iterator[str]:
    heads = (
        "source",
        "files",
        "documents",
        "refused",
        "passages",
        "places as printed (in running text)",
        "court",
        "other voices",
        "unknown",
    )
    yield f"| {' | '.join((*heads, 'kept', 'below', 'broken'))} |"
    yield f"|{'---|' * (len(heads) + 3)}"
    for name, row in sums.items():
        court, unknown = row.voices[Voice.COURT], row.voices[Voice.UNKNOWN]
        cells = (
            name,
            row.files,
            row.documents,
            row.refused.total(),
            row.passages,
            f"{row.places} ({row.derived})",
            court,
            row.voices.total() - court - unknown,
            unknown,
            f"{row.kept:.3f}" if row.documents else "-",
            len(row.below),
            row.broken,
        )
        yield f"| {' | '.join(map(str, cells))} |"


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    folder = Path(given[0]) if given else Path(__file__).parents[1] / ".." / "shared" / "real"
    if not folder.is_dir():
        sys.stderr.write(f"no folder {folder}\n")
        return 2
    sums = read(folder)
    sys.stdout.write("\n".join(as_table(sums)) + "\n")
    for name, row in sums.items():
        for word, number in row.refused.items():
            sys.stdout.write(f"{name}: {number} refused as {word}\n")
        for document in row.below:
            sys.stdout.write(f"{name}: {document} kept\n")
    return 1 if any(row.broken or row.below for row in sums.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
