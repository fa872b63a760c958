"""`python -m evals.voices [LABELS.jsonl …]`: how often a passage's voice is right, per voice and format, against labels given by hand.

A label is an identifier and offsets, never text: `{"document", "file" (below the folder of real documents), "start", "end",
"voice", "format"}`, one a line. Labels were given by reading the passage with its prediction hidden. Because the sample is
stratified by predicted voice, precision is that of the label; recall is that of the sample, not of the corpus. `"split"` says
whether the rules were tuned on the label (`dev`) or not (`held-out`).
"""

import hashlib
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ingest.parse.model import ParsedDocument
from ingest.parse.registry import sniff
from kb.domain.documents import Voice
from kb.errors import InputRejected

ALL = "all"  # the row over every format
_SAME = 0.8  # share of a label's span that a passage must cover to be the labelled one


@dataclass(frozen=True, slots=True)
class Label:
    """One passage as a reader heard it."""

    document: str
    file: str
    start: int
    end: int
    voice: Voice
    format: str
    split: str | None = None  # `dev` or `held-out`, where the file says so

    @property
    def held_out(self) -> bool:
        """Whether it is kept from tuning: as the file says, else half of the documents, by the hash of their id."""
        return self.split == "held-out" if self.split else hashlib.sha256(self.document.encode()).digest()[0] % 2 == 1


@dataclass(frozen=True, slots=True)
class Row:
    """One voice in one format. `predicted` and `labelled` count passages; intervals are Wilson's at 95 %."""

    format: str
    voice: Voice
    labelled: int
    predicted: int
    right: int

    @property
    def precision(self) -> float | None:
        return self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        return self.right / self.labelled if self.labelled else None

    @property
    def precision_interval(self) -> tuple[float, float] | None:
        return wilson(self.right, self.predicted) if self.predicted else None

    @property
    def recall_interval(self) -> tuple[float, float] | None:
        return wilson(self.right, self.labelled) if self.labelled else None


@dataclass(frozen=True, slots=True)
class Scores:
    """`rows` by format and voice, the rows over all formats first; `missing` are labels whose passage is no longer cut that way."""

    rows: tuple[Row, ...]
    missing: tuple[Label, ...]
    wrong: tuple[tuple[Label, Voice], ...]  # a label and what was predicted instead

    def row(self, voice: Voice, format: str = ALL) -> Row:  # noqa: A002  (the field's word)
        """That voice in that format; an empty row where neither labels nor predictions hold it."""
        return next((r for r in self.rows if r.voice is voice and r.format == format), Row(format, voice, 0, 0, 0))


def wilson(right: int, total: int, *, z: float = 1.959963984540054) -> tuple[float, float]:
    """The score interval for a share, by default at 95 %: it behaves at 0 and 1, where the usual one collapses.

    Source: Wilson, JASA 22 (1927) 209. Raises: ValueError for a total below 1 or a count outside it."""
    if total < 1 or not 0 <= right <= total:
        raise ValueError(f"not a share: {right} of {total}")
    share = right / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def read_labels(path: Path) -> list[Label]:
    """The labels of one file. Raises: ValueError, naming the line, for one that is no label."""
    labels = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            data = json.loads(line)
            labels.append(
                Label(data["document"], data["file"], data["start"], data["end"], Voice(data["voice"]), data["format"], data.get("split"))
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}, line {number}: {error!r}") from error
    return labels


def parse_file(path: Path) -> Sequence[ParsedDocument]:
    """What the project's parser for that file makes of it. Raises: InputRejected."""
    content = path.read_bytes()
    return sniff(content[:4096], path.name).parse(content, path.name)


def predict(
    labels: Iterable[Label], root: Path, *, parse: Callable[[Path], Sequence[ParsedDocument]] = parse_file
) -> dict[Label, Voice | None]:
    """The predicted voice of each labelled passage; None where the passage is not found (the text is cut otherwise now)."""

    @cache
    def documents(file: str) -> Mapping[str, ParsedDocument]:
        try:
            return {document.metadata.id or "": document for document in parse(root / file)}
        except InputRejected:
            return {}

    found: dict[Label, Voice | None] = {}
    for label in labels:
        held = documents(label.file)
        document = held.get(label.document) or (next(iter(held.values())) if len(held) == 1 else None)
        found[label] = _voice_of(document, label) if document else None
    return found


def passage_at(document: ParsedDocument, label: Label) -> int | None:
    """Which passage of the document a label is about; None where the text is cut otherwise now."""
    shared = [min(p.end, label.end) - max(p.start, label.start) for p in document.passages]
    if not shared:
        return None
    at = max(range(len(shared)), key=shared.__getitem__)
    best = document.passages[at]
    return at if shared[at] >= _SAME * (label.end - label.start) and shared[at] >= _SAME * (best.end - best.start) else None


def _voice_of(document: ParsedDocument, label: Label) -> Voice | None:
    at = passage_at(document, label)
    return document.passages[at].voice if at is not None else None


def score_voices(labels: Sequence[Label], root: Path, *, parse: Callable[[Path], Sequence[ParsedDocument]] = parse_file) -> Scores:
    """Precision and recall per voice, over all formats and per format.

    Args:
        root: the folder that the labels' `file` is relative to.
    A label whose passage is not found counts in no row; it is listed as missing, so that it cannot vanish unseen.
    """
    predicted = predict(labels, root, parse=parse)
    known = [(label, voice) for label, voice in predicted.items() if voice is not None]
    rows: list[Row] = []
    for format_name in [ALL, *sorted({label.format for label in labels})]:
        here = [(label, voice) for label, voice in known if format_name in (ALL, label.format)]
        for voice in Voice:
            labelled = sum(label.voice is voice for label, _ in here)
            said = sum(guess is voice for _, guess in here)
            right = sum(label.voice is voice and guess is voice for label, guess in here)
            if labelled or said:
                rows.append(Row(format_name, voice, labelled, said, right))
    return Scores(
        rows=tuple(rows),
        missing=tuple(label for label, voice in predicted.items() if voice is None),
        wrong=tuple((label, guess) for label, guess in known if guess is not label.voice),
    )


def as_table(scores: Scores) -> str:
    """The scores as a Markdown table, for a README or a terminal."""
    lines = ["| format | voice | labelled | predicted | precision (95 %) | recall |", "|---|---|---|---|---|---|"]
    for row in scores.rows:
        interval = row.precision_interval
        precision = f"{row.precision:.3f} ({interval[0]:.3f} to {interval[1]:.3f})" if interval and row.precision is not None else "-"
        recall = f"{row.recall:.3f}" if row.recall is not None else "-"
        lines.append(f"| {row.format} | {row.voice} | {row.labelled} | {row.predicted} | {precision} | {recall} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Scores the labels of the files named, or of every file of the collection, on the real documents beside the repository."""
    given = [Path(name) for name in (sys.argv[1:] if arguments is None else arguments)]
    root = Path(__file__).parents[1] / ".." / "shared" / "real"
    for path in given or sorted((Path(__file__).parent / "collections" / "voices").glob("*.jsonl")):
        if not root.is_dir():
            sys.stderr.write(f"no folder {root}\n")
            return 2
        scores = score_voices(read_labels(path), root)
        sys.stdout.write(f"{path.name}\n\n{as_table(scores)}\n\n{len(scores.missing)} labels whose passage is cut otherwise now\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
