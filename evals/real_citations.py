"""`python -m evals.real_citations [FOLDER]`: questions that the Court of Justice asked of itself.

A paragraph that refers to a paragraph of another judgment, with the reference taken out, is a question; the paragraph referred to is
its answer. Where it refers is read from the links of the publisher's own XHTML (`CourtLink`, with an anchor), not from what our
parser finds. The collection holds ids only: the words of the judgments are read from the index when it runs.
"""

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from evals.load import COLLECTIONS, canonical, write_qrels
from evals.run import without_references
from ingest.parse.xml import local_name, parse_xml

_HREF = re.compile(r"urn=ecli:(ECLI:EU:C:\d{4}:\d+).*anchor=#point(\d+)$")
_NAMES_A_JUDGMENT = re.compile(r"EU:C:\d{4}:\d+|\b[CT]\W\d+/\d\d")
_FEWEST_WORDS = 15
_A_SOURCE, _A_TARGET = 6, 4  # at most so many questions from one judgment, and answered by one paragraph
COUNT = 300


@dataclass(frozen=True, slots=True)
class Reference:
    """Paragraph `citing` (`ECLI…#para-59`) refers to `cited`, in brackets."""

    citing: str
    cited: tuple[str, ...]
    words: int


def paragraphs(file: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(number, text, cited paragraphs) of one judgment."""
    for cell in parse_xml(file.read_bytes()).iter():
        if not isinstance(cell.tag, str) or local_name(cell) != "tr":
            continue
        counts = [e for e in cell.iter() if isinstance(e.tag, str) and "count" in (e.get("class") or "").split()]
        number = re.fullmatch(r"point(\d+)", counts[0].get("id") or "") if len(counts) == 1 else None
        if number:
            yield number[1], _text(cell), [link for e in cell.iter() if isinstance(e.tag, str) for link in _cited(e)]


def _cited(element: etree._Element) -> Iterator[str]:
    if "CourtLink" in (element.get("class") or "").split():
        match = _HREF.search(unquote(element.get("href") or ""))
        if match:
            yield canonical(f"{match[1]}#para-{match[2]}")


def _text(element: etree._Element) -> str:
    return " ".join(" ".join(str(part) for part in element.itertext()).split())


def references(folder: Path) -> list[Reference]:
    """Every usable one: the paragraph keeps enough words and names no judgment once its references are out. Only what is there of
    what it cites counts."""
    files = {canonical(file.stem.replace("_", ":")): file for file in sorted(folder.glob("ECLI_EU_C_*.xml"))}
    read = {ecli: list(paragraphs(file)) for ecli, file in files.items()}
    there = {f"{ecli}#para-{number}" for ecli, found in read.items() for number, _, _ in found}
    usable = []
    for ecli, found in read.items():
        for number, text, links in found:
            cited = tuple(dict.fromkeys(link for link in links if link in there and not link.startswith(f"{ecli}#")))
            words = without_references(text)
            if cited and not _NAMES_A_JUDGMENT.search(words) and len(words.split()) > _FEWEST_WORDS:
                usable.append(Reference(f"{ecli}#para-{number}", cited, len(words.split())))
    return usable


def draw(found: Sequence[Reference], count: int = COUNT) -> list[Reference]:
    """`count` of them by a hash of the citing paragraph, few from one judgment and few to one paragraph."""
    sources: Counter[str] = Counter()
    targets: Counter[str] = Counter()
    drawn: list[Reference] = []
    for reference in sorted(found, key=lambda r: hashlib.sha256(r.citing.encode()).digest()):
        source = reference.citing.partition("#")[0]
        if len(drawn) < count and sources[source] < _A_SOURCE and all(targets[cited] < _A_TARGET for cited in reference.cited):
            sources[source] += 1
            targets.update(reference.cited)
            drawn.append(reference)
    return sorted(drawn, key=lambda r: r.citing)


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    folder = Path(given[0]) if given else Path(__file__).parents[1] / ".." / "shared" / "real" / "cjeu-xhtml"
    if not folder.is_dir():
        sys.stderr.write(f"no folder {folder}\n")
        return 2
    found = references(folder)
    drawn = draw(found)
    rows, grades = [], {}
    for number, reference in enumerate(drawn, 1):
        qid = f"c{number:03d}"
        source = reference.citing.partition("#")[0]
        rows.append({"qid": qid, "text_of": reference.citing, "exclude": [source], "lang": "en", "style": "question"})
        grades[qid] = dict.fromkeys(reference.cited, 3)
    out = COLLECTIONS / "real-citations"
    (out / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    write_qrels(out / "qrels.txt", grades)
    sys.stdout.write(f"{len(drawn)} of {len(found)} usable references in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
