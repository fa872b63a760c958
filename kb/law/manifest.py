"""The record of one assessment: what was asked of which index, and which passages were shown, so that the pages can be shown again.

It holds no fact of the case unless the user saves them: the case is a hash, queries are the legal test's own words, and warnings are
kept by their rule. What a reader saw is kept by passage id and text hash; the JSON of a whole assessment also has the words, and a record
that is read from it can show them again when the corpus no longer holds them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from kb.errors import InvalidQuery

MANIFEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage on one side of one element. `id` is the stored one, with the form of its text."""

    id: str
    text_sha256: str
    document_id: str
    marked: bool  # named by the element itself; else found by search
    reviewed: bool  # a lawyer put its document on this side
    standing: str


@dataclass(frozen=True, slots=True)
class ElementRecord:
    id: str
    content_sha256: str  # of the element's rule, standard and questions in the legal test
    queries: Mapping[str, tuple[str, ...]]  # side -> the legal test's own queries, without the facts they were filled with
    supporting: tuple[ShownPassage, ...]
    contrary: tuple[ShownPassage, ...]
    authorities: tuple[tuple[str, str], ...]  # (document id, standing)
    lacking: tuple[str, ...]  # names of facts that the file did not hold


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything needed to show the same pages again. `case` is None unless the user saved the facts."""

    made_on: str
    as_of: str
    language: str
    framework: str
    version: str
    track: str
    argued_track: str
    regime: str
    case_sha256: str
    corpus_sha256: str
    content_sha256: str
    generation: str
    model: Mapping[str, str]
    settings: Mapping[str, Any]
    positions: tuple[str, ...]  # ids
    elements: tuple[ElementRecord, ...]
    warnings: tuple[Mapping[str, Any], ...]  # {rule, code, severity, document_ids}
    documents: Mapping[str, str]  # document id -> what later documents did to it, as this corpus tells, a line each
    case: Mapping[str, Any] | None = field(default=None, repr=False)
    manifest: int = MANIFEST_VERSION
    texts: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)  # hash -> words as shown; no part of the record

    @property
    def id(self) -> str:
        """A short name of this record: what was shown, to whom it makes no difference."""
        body = self.without_facts().to_json()
        return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]

    def without_facts(self) -> Self:
        return replace(self, case=None)

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(json.dumps(asdict(replace(self, texts={})), ensure_ascii=False))
        del body["texts"]
        return body

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """A manifest, or the JSON of an assessment that holds one. Raises: InvalidQuery."""
        body = dict(data.get("manifest", data)) if isinstance(data.get("manifest"), Mapping) else dict(data)
        body.pop("id", None)
        body.pop("texts", None)
        if body.get("manifest") != MANIFEST_VERSION:
            raise InvalidQuery("this is not the manifest of an assessment, or one of another version of this program")
        try:
            body["elements"] = tuple(_element(item) for item in body["elements"])
            body["positions"] = tuple(str(item) for item in body["positions"])
            body["warnings"] = tuple(body["warnings"])
            return cls(**body, texts=_texts(data))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidQuery(f"this manifest cannot be read: {type(error).__name__}") from None


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    """The words of the passages in the JSON of an assessment, by their hash: what was altered there has another one, and is never used."""
    found = {}
    elements = data.get("elements")
    for element in elements if isinstance(elements, list) else ():
        for side in ("supporting", "contrary"):
            for hit in element.get(side, ()):
                passage = hit.get("passage")
                if isinstance(passage, Mapping) and isinstance(passage.get("text"), str):
                    found[digest(passage["text"])] = passage["text"]
    return found


def _element(item: Mapping[str, Any]) -> ElementRecord:
    body = dict(item)
    for side in ("supporting", "contrary"):
        body[side] = tuple(ShownPassage(**shown) for shown in body[side])
    body["queries"] = {side: tuple(queries) for side, queries in body["queries"].items()}
    body["authorities"] = tuple((str(document), str(standing)) for document, standing in body["authorities"])
    body["lacking"] = tuple(body["lacking"])
    return ElementRecord(**body)


def digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
