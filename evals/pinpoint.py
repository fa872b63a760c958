"""Whether a cited place is the printed one: read from the source beside the index, not from what the index says of itself.

A digest's pinpoint must be a `ref` of that document in `corpus/digests`; a number of an official text or of a guide must stand in
the text at the start of the passage, or just before it where the source prints it in the margin.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kb.domain.documents import Passage, TextStatus
from kb.domain.identifiers import canonical_document_id
from kb.domain.pinpoints import Pinpoint, PinpointKind

if TYPE_CHECKING:
    from kb.wiring import KnowledgeBase

_BEFORE = 60  # characters in which a number in the margin, or a heading, may stand
_INSIDE = 120
# places whose words, not whose number, are printed
_WORDED = (PinpointKind.SECTION, PinpointKind.HEADNOTE, PinpointKind.OPERATIVE, PinpointKind.OTHER)


class Printed:
    """Asked for one passage at a time; digests are read once."""

    def __init__(self, kb: "KnowledgeBase") -> None:
        self._kb = kb

    @cached_property
    def _refs(self) -> Mapping[str, frozenset[str]]:
        return digest_refs(self._kb.settings.corpus_dir / "digests")

    def __call__(self, passage: Passage) -> bool | None:
        """None where the passage cites no place (a summary, an unnumbered block)."""
        if passage.pinpoint is None or not passage.pinpoint.is_place:
            return None
        if passage.text_status is TextStatus.DIGEST and passage.document_id in self._refs:
            return passage.pinpoint.printed in self._refs[passage.document_id]
        library = self._kb.view().library
        key = passage.id.rpartition("#")[0]
        start = max(0, passage.start_char - _BEFORE)
        held = {e.key for e in library.expressions(passage.document_id, with_text=False)}
        if key not in held:  # the plain id of a digest
            key = next((k for k in sorted(held) if k.endswith(f"@{passage.form}")), passage.document_id)
        before = library.text_slice(key, start, passage.start_char) if passage.start_char else ""
        return stands_there(passage.pinpoint, before, passage.text, heading=" ".join(passage.heading_path))


def digest_refs(directory: Path) -> dict[str, frozenset[str]]:
    """The references printed in each digest, by document id."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted(directory.glob("*.toml")):
        body = tomllib.loads(path.read_text("utf-8"))
        refs = (str(passage["ref"]) for passage in body.get("passage", ()))
        # compared as pinpoints are printed: blanks single
        found[canonical_document_id(str(body["id"]))] = frozenset(" ".join(ref.replace("\u00a0", " ").split()) for ref in refs)
    return found


def stands_there(pinpoint: Pinpoint, before: str, text: str, *, heading: str = "") -> bool:
    """Whether the numbers (or words) of `pinpoint` open `text`, or stand just before it."""
    here = f"{before[-_BEFORE:]} {text[:_INSIDE]}"
    if pinpoint.kind in _WORDED:
        words = _words(pinpoint.value or pinpoint.printed)
        return all(word in _words(f"{heading} {here} {text}") for word in words)
    numbers = re.findall(r"\d+(?:\.\d+)*", pinpoint.value)
    return bool(numbers) and all(re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", here) for number in numbers[:1])


def _words(text: str) -> Sequence[str]:
    return re.findall(r"\w+", text.casefold())
