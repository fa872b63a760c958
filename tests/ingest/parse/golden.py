"""Parsed documents beside their sources: a missing JSON is written, and the test fails until somebody has read it."""

import json
from pathlib import Path

import pytest

from ingest.normalise import Cleaner
from ingest.parse.model import ParsedDocument


def as_json(document: ParsedDocument) -> dict[str, object]:
    """What a reviewer wants to see of a document."""
    cleaner = Cleaner(document.text)
    meta = document.metadata
    stated = {
        name: value
        for name in ("id", "kind", "court", "title", "language", "date", "published_on", "case_numbers", "official_url", "subtype", "extra")
        if (value := getattr(meta, name))
    }
    return {
        "metadata": stated,
        "warnings": document.warnings,
        "furniture": [document.text[a:b] for a, b in document.furniture],
        "links": [[document.text[link.start : link.end], link.target] for link in document.links],
        "passages": [
            {
                "slug": p.pinpoint.slug if p.pinpoint else None,
                "heading_path": list(p.heading_path),
                "voice": p.voice,
                "footnotes": list(p.footnotes),
                "derived": p.derived,
                "display": cleaner.clean(p.spans or ((p.start, p.end),)).text,
            }
            for p in document.passages
        ],
    }


def compare(document: ParsedDocument, expected: Path) -> None:
    """Fails where the document differs from the reviewed JSON."""
    found = json.dumps(as_json(document), ensure_ascii=False, indent=1) + "\n"
    if not expected.exists():
        expected.write_text(found, encoding="utf-8")
        pytest.fail(f"{expected.name} was written: review it")
    assert json.loads(found) == json.loads(expected.read_text(encoding="utf-8"))
