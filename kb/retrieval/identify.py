"""The exact path: a question that is an identifier (ECLI, case number, docket, Kamerstuk, case name) finds its document first."""

import re
from collections.abc import Callable, Iterable
from functools import cached_property

from kb.domain.documents import Document, Kind
from kb.domain.identifiers import fold_identifier
from kb.domain.references import ReferenceFinder, ReferenceKind
from kb.retrieval.mentions import MentionReader
from kb.retrieval.mentions import one_error_apart as one_error_apart
from kb.retrieval.search import Identified
from kb.store.library import Library, alias_key

# words that stand before or between names and carry nothing
_INTRODUCES = frozenset(
    {"arrest", "arrêt", "uitspraak", "zaak", "case", "judgment", "ruling", "urteil", "dom", "dommen", "opinion", "conclusie"}
    | {"decision", "the", "het", "de", "in", "inzake", "en", "and", "e.a.", "others", "nr.", "no.", "communication", "beschikking", "ppu"}
)
_AGAINST = frozenset({"t.", "t", "v.", "v", "vs", "vs.", "tegen", "gegen", "mod", "contre", "c.", "/", "against", "κατά"})
_DOCKET_STEM = re.compile(r"20\d{7}")
_MOST_WORDS = 3
_MIN_NAME = 5
_MIN_NEAR = 8  # characters: a shorter number one digit off is another number
_NOT_A_DOCUMENT = (ReferenceKind.ARTICLE, ReferenceKind.RECITAL, ReferenceKind.BACK_REFERENCE)
_DECISIVE = (Kind.JUDGMENT, Kind.REGULATION, Kind.LETTER)


class ExactPath:
    """Resolves what a question names to documents of one library. A typing error is mended only where one document is meant,
    and is said."""

    def __init__(self, library: Library, finder: ReferenceFinder, mentions: MentionReader) -> None:
        self._library = library
        self._finder = finder
        self._mentions = mentions

    def __call__(self, text: str) -> Identified | None:
        """None for a question in words. An identifier that this corpus does not hold gives no document ids."""
        found = self._finder.parse_identifier(text)
        if found is None:
            if ids := self._named(text):
                return Identified(ids)
            if mentioned := self._mentioned(text):
                return mentioned
            if ids := self._squeezed(text):
                return Identified(ids)
            meant = self._misspelt(text)
            return Identified((meant[1],), corrected=meant[0]) if meant else None
        slug = found.pinpoint.slug if found.pinpoint else None
        values = dict.fromkeys([*([found.document] if found.document else []), *found.values])
        for value in values:
            if ids := self._ids(value):
                if len(ids) > 1 and (mentioned := self._mentioned(text)) and set(mentioned.document_ids) == set(ids):
                    ids = mentioned.document_ids  # `conclusie C-753/22` asks for the opinion
                return Identified(ids, slug, corrected=found.read_as if found.note else None)
        if ids := self._named(text) or self._squeezed(text):
            return Identified(ids, slug)
        if mentioned := self._mentioned(text):
            return mentioned
        near = self._near(values)
        return Identified((near,), slug, corrected=near) if near else Identified((), slug)

    def _mentioned(self, text: str) -> Identified | None:
        """A citation with words around it (`kb.retrieval.mentions`), at the place it gives."""
        mention = self._mentions.read(text)
        if mention is None:
            return None
        ids = tuple(document.id for document in mention.documents)
        place = mention.place
        if place and place[0].isdigit() and (again := self._finder.parse_identifier(f"{ids[0]}, punt {place}")) and again.pinpoint:
            place = again.pinpoint.slug
        return Identified(ids, place, corrected=mention.read_as or (ids[0] if mention.misread else None))

    def numbers_in(self, text: str) -> tuple[str, ...]:
        """Documents of the library whose ECLI, number or name is cited inside a question in words."""
        found = {}
        for reference in self._finder.find(text):
            if reference.kind not in _NOT_A_DOCUMENT:
                for value in (reference.document, reference.value):
                    found.update(dict.fromkeys(self._ids(value)) if value else {})
        return tuple(found)

    def _ids(self, value: str) -> tuple[str, ...]:
        document = self._library.find_document(value)
        if document:
            return (document.id,)
        return self._in_order(self._library.resolve_alias(value))

    def _named(self, text: str) -> tuple[str, ...]:
        return self._in_order(self._library.resolve_alias(text)) if len(fold_identifier(text)) >= 2 else ()

    def _squeezed(self, text: str) -> tuple[str, ...]:
        """Documents whose number is typed with other separators or none (`202207368-1-V1`, `C 578/16`), without
        its end (`202301902`), or with the parties behind the name (`M.S.S. t. België`)."""
        for attempt in (_bare(text), _before_party(text)):
            key = squeeze(" ".join(attempt))
            if len(key) < 2 or (len(attempt) > _MOST_WORDS and not any(c.isdigit() for c in key)):
                continue
            if ids := self._squeezed_keys.get(key):
                return self._in_order(ids)
            if _DOCKET_STEM.fullmatch(key):
                begun = {i for known, found in self._squeezed_keys.items() if known.startswith(key) for i in found}
                if begun:
                    return self._in_order(begun)
        return ()

    @cached_property
    def _squeezed_keys(self) -> dict[str, set[str]]:
        """Every id, number and name without blanks and marks, and each name before its opponent, to its documents."""
        keys: dict[str, set[str]] = {}
        named = [(document.id, document.id) for document in self._library.documents()]
        named += [(alias, document_id) for alias, document_id, _ in self._library.aliases()]
        named += [(document.title, document.id) for document in self._library.documents() if _before_party(document.title)]
        for name, document_id in named:
            for words in (name.split(), _bare(name), _before_party(name)):
                if key := squeeze(" ".join(words)):
                    keys.setdefault(key, set()).add(document_id)
        return keys

    def _misspelt(self, text: str) -> tuple[str, str] | None:
        """(name, document id) of the one case whose name is one typing error away from a question that is only a name."""
        words = _before_party(text) or _bare(text)
        if len(words) != 1 or len(words[0]) < _MIN_NAME:
            return None
        names = ((alias, document_id) for alias, document_id, kind in self._library.aliases() if kind != "case-number")
        near = {document_id: alias for alias, document_id in names if one_error_apart(words[0], alias)}
        ids = self._in_order(near)
        return (near[ids[0]], ids[0]) if ids else None

    def _in_order(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Decisions before opinions and reports on them, the newest first."""
        documents = [document for i in ids if (document := self._library.find_document(i))]

        def order(document: Document) -> tuple[bool, int, str]:
            return document.kind not in _DECISIVE, -(document.date.first if document.date else 0), document.id

        return tuple(document.id for document in sorted(documents, key=order))

    @cached_property
    def _keys(self) -> dict[str, str]:
        """Every id and number as compared, to its document; names are left out: they are words."""
        keys = {alias_key(document.id): document.id for document in self._library.documents()}
        for alias, document_id, kind in self._library.aliases():
            if kind == "case-number":
                keys.setdefault(alias, document_id)
        return keys

    def _near(self, values: Iterable[str]) -> str | None:
        """The one document whose number differs by one typing error, if there is exactly one."""
        meant = set()
        for value in values:
            key = alias_key(value)
            if len(key) >= _MIN_NEAR:
                meant |= {document_id for known, document_id in self._keys.items() if one_error_apart(key, known)}
        return meant.pop() if len(meant) == 1 else None


def _bare(text: str) -> list[str]:
    """The words of a name or number, lower case, without those that only introduce it."""
    return [word for word in fold_identifier(text).casefold().split() if word not in _INTRODUCES]


def _before_party(text: str) -> list[str]:
    """The words of a case name before its opponent (`M.S.S. t. België` gives `m.s.s.`); empty where there is none."""
    words = fold_identifier(text).casefold().split()
    cut = next((place for place, word in enumerate(words) if word in _AGAINST), 0)
    return [word for word in words[:cut] if word not in _INTRODUCES]


def squeeze(text: str) -> str:
    """An identifier as bare letters and digits, lower case."""
    return "".join(c for c in fold_identifier(text).casefold() if c.isalnum())


def build_resolver(library: Library) -> Callable[[str, str], str | None]:
    """(kind of reference, normalised value) to the id of the one document of this library it names, else None."""

    def resolve(kind: str, value: str) -> str | None:
        del kind
        document = library.find_document(value)
        return document.id if document else None

    return resolve
