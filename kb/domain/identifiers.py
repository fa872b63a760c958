"""Official identifiers, parsed once and then trusted: ECLI, document ids, passage ids."""

import re
import unicodedata
import uuid
from dataclasses import dataclass
from typing import Self

from kb.errors import InvalidIdentifier

# Council conclusions 2011/C 127/01: country, court (1-7, starts with a letter), year, ordinal (1-25 letters, digits, dots).
# The ordinal ends on a letter or digit, so that the full stop of a sentence is not part of it.
_ECLI = re.compile(r"ECLI:([A-Z]{2}):([A-Z][A-Z0-9]{0,6}):([0-9]{4}):([A-Z0-9](?:[A-Z0-9.]{0,23}[A-Z0-9])?)")
_FORM = re.compile(r"(?P<document>.+?)@(?P<form>(?:digest-(?:en|nl)|tr-[a-z]{2})(?:-v\d+)?|v\d+|official)", re.S)
_NAMESPACE = uuid.UUID("6f0d4f0a-2c43-5a0b-9d43-7f3a2b1c0d5e")
# what is typed or pasted in place of a hyphen, a colon or a blank
_FOLD = str.maketrans(
    {"‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "﹣": "-", "-": "-", "：": ":", "∶": ":", "\u00ad": None, "\ufeff": None}
)


def fold_identifier(text: str) -> str:
    """`text` as identifiers are compared: NFKC, look-alike dashes and colons folded, invisible characters gone, blanks single.

    For identifiers only; a quotation is never folded.
    """
    folded = unicodedata.normalize("NFKC", text.translate(_FOLD)).translate(_FOLD)
    folded = "".join(c for c in folded if unicodedata.category(c) != "Cf")
    return " ".join(folded.split())


@dataclass(frozen=True, slots=True, order=True)
class Ecli:
    """European Case Law Identifier: one decision, whatever its file. Source: Council conclusions 2011/C 127/01.

    `value` is in upper case, the form for comparison; publishers may print lower-case ordinals.
    """

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: InvalidIdentifier, quoting `text`."""
        value = fold_identifier(text).upper().replace(" ", "")
        match = _ECLI.fullmatch(value)
        if not match or not any(c.isdigit() for c in match[4]) or not 1800 <= int(match[3]) <= 2100:
            raise InvalidIdentifier(f"not an ECLI: {text!r} (expected for example ECLI:EU:C:2019:218)")
        return cls(value)

    @property
    def country(self) -> str:
        return self.value.split(":")[1]

    @property
    def court(self) -> str:
        return self.value.split(":")[2]

    @property
    def year(self) -> int:
        return int(self.value.split(":")[3])

    def __str__(self) -> str:
        return self.value


def canonical_document_id(text: str) -> str:
    """A document id in its canonical spelling: an ECLI in upper case, any other id with its blanks folded.

    Raises: InvalidIdentifier for an empty id or one that holds `#` or a control character.
    """
    folded = fold_identifier(text)
    if not folded or len(folded) > 300 or "#" in folded or any(unicodedata.category(c) == "Cc" for c in folded):
        raise InvalidIdentifier(f"not a document id: {text[:80]!r}")
    if folded.upper().startswith("ECLI:"):
        try:
            return Ecli.parse(folded).value
        except InvalidIdentifier:
            return folded
    return folded


@dataclass(frozen=True, slots=True, order=True)
class PassageId:
    """`<document id>[@form]#<pinpoint slug>`, for example `ECLI:EU:C:2019:219#para-90` or `kst-30573-195@digest-nl#holding`.

    `form` is empty in a plain id; else `digest-en`, `digest-nl`, `tr-en`, `v2`, `tr-en-v2`.
    """

    document: str
    form: str
    slug: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: InvalidIdentifier, quoting `text`."""
        head, mark, slug = text.strip().rpartition("#")
        if not mark or not slug or not head:
            raise InvalidIdentifier(
                f"not a passage id: {text[:120]!r} (expected <document id>#<pinpoint>, for example ECLI:EU:C:2019:219#para-90)"
            )
        match = _FORM.fullmatch(head)
        document, form = (match["document"], match["form"]) if match else (head, "")
        return cls(canonical_document_id(document), "" if form == "official" else form, slug)

    def plain(self) -> "PassageId":
        return PassageId(self.document, "", self.slug)

    def __str__(self) -> str:
        return f"{self.document}{'@' + self.form if self.form else ''}#{self.slug}"


def point_id(passage_id: str, text_sha256: str, chunk: int = 0) -> str:
    """The engine's id of one embedded chunk: UUIDv5 of passage id, text hash and chunk number, so that a second ingest changes nothing."""
    return str(uuid.uuid5(_NAMESPACE, f"{passage_id}\n{text_sha256}\n{chunk}"))


def file_document_id(content_sha256: str) -> str:
    """The id of a document without an official one: `file:` and the first 16 hex digits of its SHA-256."""
    return f"file:{content_sha256[:16]}"
