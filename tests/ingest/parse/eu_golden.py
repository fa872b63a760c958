"""What the golden files of the European and foreign parsers hold, and the properties every parsed document has."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.parse.model import ParsedDocument, coverage

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden"
REAL = ROOT.parent / "shared" / "real"


def picture(document: ParsedDocument) -> dict[str, Any]:
    """A document as a reviewer reads it in the golden JSON."""
    metadata = document.metadata
    return {
        "metadata": {
            name: value
            for name in ("id", "court", "title", "language", "date", "case_numbers", "subtype", "deciding_state", "aliases", "extra")
            if (value := getattr(metadata, name))
        }
        | ({"kind": str(metadata.kind)} if metadata.kind else {}),
        "passages": [
            {
                "slug": passage.pinpoint.slug if passage.pinpoint else None,
                "voice": str(passage.voice),
                "headings": list(passage.heading_path),
                "text": document.text[passage.start : passage.end],
            }
            | ({"derived": True} if passage.derived else {})
            | ({"footnotes": list(passage.footnotes)} if passage.footnotes else {})
            for passage in document.passages
        ],
        "furniture": [document.text[start:end] for start, end in document.furniture],
        "links": [
            [document.text[link.start : link.end], link.target, link.pinpoint.slug if link.pinpoint else None] for link in document.links
        ],
        "warnings": document.warnings,
    }


def check_golden(documents: list[ParsedDocument], source: Path) -> None:
    """The documents of `source` are those of the JSON beside it. A missing JSON is written and the test fails: review it."""
    expected = source.with_name(source.name + ".json")
    found = [picture(document) for document in documents]
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        raise AssertionError(f"{expected.name} was missing and has been written: review it")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def problems(document: ParsedDocument, *, least: float = 0.99) -> Iterator[str]:
    """What is wrong with a document's passages; nothing when all properties hold."""
    if not document.passages:
        yield "no passages"
    end = 0
    for passage in document.passages:
        if not 0 <= passage.start < passage.end <= len(document.text):
            yield f"offsets {passage.start}:{passage.end}"
        if passage.start < end:
            yield f"passage at {passage.start} overlaps the one before"
        end = passage.end
        if not document.text[passage.start : passage.end].strip():
            yield f"blank passage at {passage.start}"
    slugs = [passage.pinpoint.slug for passage in document.passages if passage.pinpoint]
    notes = {slug for slug in slugs if slug.startswith("fn-")}
    for passage in document.passages:
        if missing := set(passage.footnotes) - notes:
            yield f"calls to notes that are not there: {missing}"
    for link in document.links:
        if not 0 <= link.start < link.end <= len(document.text):
            yield f"link offsets {link.start}:{link.end}"
    share = coverage(document)
    if share < least:
        yield f"coverage {share:.4f}"


def sorted_files(folder: str, pattern: str) -> list[Path]:
    return sorted((REAL / folder).glob(pattern)) if (REAL / folder).is_dir() else []
