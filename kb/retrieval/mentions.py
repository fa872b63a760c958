"""A question that is a citation with words around it: court and date, number with its court, name with its opponent and place.

`ABRvS 6 juli 2022 Denemarken`, `Nds. OVG, Urteil vom 15.11.2016, 8 LB 92/15`, `AG Medina opinion in QY`. What is left when
numbers, names, dates, courts and places are taken out must be words that carry no question (corpus/patterns/mentions.toml), or words
printed on the document found: else it is a question in words, and no document is named.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from kb.domain.documents import Document, Kind
from kb.domain.identifiers import fold_identifier
from kb.domain.references import ReferenceFinder, ReferenceKind
from kb.errors import CorpusInvalid
from kb.retrieval.lexical import read_toml
from kb.retrieval.terms import Subjects
from kb.store.library import Library

_LONGEST: Final = 9  # words of one number or name
_MOST_WORDS: Final = 24  # a longer question is one in words
_MOST_UNKNOWN: Final = 2  # words that may stand beside a long number
_MISREADABLE: Final = 6  # letters and figures of a number in which an O is read as 0
_LEAST_NAME: Final = 5  # letters of a name in which a typing error is mended
_LEAST_NUMBER: Final = 8  # letters and figures of such a number: a shorter one is another number
_LONG_NUMBER: Final = 6  # letters and figures: such a number means nothing else
_MIN_LOOSE_NAME: Final = 4  # letters: a shorter name counts in capitals only
_PARTY_WORDS: Final = 9
_COUNT_ALIKE: Final = ("de-", "ch-", "be-", "at-", "lu-", "it-")  # states in which another court may have the same number
_ANONYMOUS: Final = re.compile(r"x{1,4}|[a-z]")
_REMARK: Final = re.compile(r"\(([^()]{1,60})\)")

# letters that are taken for figures, and back: the letter O, a small L, an I, an S
_LOOKS_LIKE: Final = str.maketrans({"o": "0", "l": "1", "i": "1", "s": "5"})
_LETTERS: Final = str.maketrans({"æ": "ae", "ø": "o", "ß": "ss", "œ": "oe", "đ": "d", "ł": "l"})


def plain(text: str) -> str:
    """Words as they are compared here: folded, lower case, no accents; `ü`, `ue` and `u` are one, so are `æ`, `ae` and `a`."""
    low = fold_identifier(text).casefold().replace("’", "'").translate(_LETTERS)
    bare = "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))
    return re.sub(r"([aou])e", r"\1", bare)


def key_of(text: str) -> str:
    """A number or name as letters and figures alone."""
    return "".join(c for c in plain(text) if c.isalnum())


@dataclass(frozen=True)
class MentionWords:
    """The words of corpus/patterns/mentions.toml."""

    courts: Mapping[str, str]  # phrase -> beginnings of court keys, with blanks between
    kinds: Mapping[str, Kind]
    around: frozenset[str]
    against: frozenset[str]
    joins: frozenset[str]
    place: re.Pattern[str]
    date: re.Pattern[str]
    months: Mapping[str, int]
    ecli_courts: Mapping[str, tuple[str, ...]]
    articles: Mapping[tuple[str, str], str]  # (act, article) -> document
    nicknames: Mapping[str, str]  # name -> document

    @classmethod
    def load(cls, path: Path) -> "MentionWords":
        """Raises: CorpusInvalid, naming the file."""
        body = read_toml(path)
        try:
            words = body["words"]
            months = {plain(word): int(number) for number, printed in body["months"].items() for word in printed.split("|")}
            names = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
            return cls(
                courts={plain(p): key for key, printed in body["courts"].items() for p in printed.split("|")},
                kinds={plain(p): Kind(kind) for kind, printed in body["kinds"].items() for p in printed.split("|")},
                around=frozenset(plain(w) for name in ("around", "small") for w in words[name].split("|")),
                against=frozenset(plain(w) for w in words["against"].split("|")),
                joins=frozenset(plain(w) for w in words["and"].split("|")),
                place=re.compile(
                    rf"(?<![\w.])(?:{words['places']}) {{0,2}}(?P<value>\d{{1,4}}(?:\.\d{{1,3}}){{0,4}}(?![\w/]))"
                    r"(?: ?(?:-|t/m|to|bis|en|and|et|und) ?\d{1,4}(?:\.\d{1,3}){0,4}(?![\w/])){0,3}",
                    re.I,
                ),
                date=re.compile(
                    rf"(?<![\w./-])(?:(?P<d>\d{{1,2}})(?:er|\.|st|nd|rd|th)? (?:of )?(?P<m>{names})\.? (?P<y>(?:19|20)\d\d)"
                    rf"|(?P<m2>{names})\.? (?P<d2>\d{{1,2}}),? (?P<y2>(?:19|20)\d\d)"
                    r"|(?P<y3>(?:19|20)\d\d)-(?P<m3>\d\d)-(?P<d3>\d\d)"
                    r"|(?P<d4>\d{1,2})[./-] ?(?P<m4>\d{1,2})[./-] ?(?P<y4>(?:19|20)\d\d)"
                    rf"|(?P<m5>{names})\.? (?P<y5>(?:19|20)\d\d))(?![\w/-])",
                ),
                months=months,
                ecli_courts={court: tuple(printed.split("|")) for court, printed in body["ecli_courts"].items()},
                nicknames={name: row["document"] for row in body.get("nickname", ()) for name in row["names"]},
                articles={(row["act"], row["article"]): row["document"] for row in body.get("article", ())},
            )
        except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
            raise CorpusInvalid(f"{path}: {type(error).__name__} {error}") from error


@dataclass(frozen=True, slots=True)
class Mention:
    """Documents that a question names, with the place as typed and whether a letter was read as a figure."""

    documents: tuple[Document, ...]
    place: str | None = None
    misread: bool = False
    read_as: str | None = None  # the name or number understood for one that holds a typing error


@dataclass
class _Read:
    """What was recognised in one question."""

    courts: list[str]
    kinds: list[Kind]
    states: set[str]
    dates: list[str]
    place: str | None
    rest: list[str]
    numbers: list[tuple[str, set[str]]]
    names: list[set[str]]
    sittings: set[str] = field(default_factory=set)
    misread: bool = False


class MentionReader:
    """Reads questions as citations of documents of one library. Stateless between questions."""

    def __init__(self, library: Library, finder: ReferenceFinder, words: MentionWords, subjects: Subjects) -> None:
        self._library = library
        self._finder = finder
        self._words = words
        self._subjects = subjects

    def read(self, text: str) -> Mention | None:
        """The documents that `text` names, or None where it asks something or names none, or several that do not fit together."""
        folded = fold_identifier(text)
        if len(folded.split()) > _MOST_WORDS or "?" in folded:
            return None
        if article := self._article(folded):
            return article
        read = self._taken_apart(folded)
        return self._mention(read, folded) or self._mended(read, folded)

    def _mention(self, read: _Read, folded: str) -> Mention | None:
        documents, unknown = self._meant(read)
        kept = [d for d in documents if self._agrees(d, read, strict=not read.numbers)]
        kept = _of_kind(kept, read.kinds)
        if not kept:
            return None
        own = {word for d in kept for word in _heading_words(d)}
        remarks = {w.strip(".:'-/") for text in _REMARK.findall(plain(folded)) for w in re.split(r"[\s,;]+", text)}
        left = [word for word in read.rest if word not in own and not (word in remarks and (read.numbers or read.names))]
        if len(left) > unknown:
            return None
        return Mention(tuple(kept), read.place, read.misread)

    def _mended(self, read: _Read, folded: str) -> Mention | None:
        """The one document meant where the one word that is not understood is a name or long number with a typing error, beside words of
        a citation."""
        if len(read.rest) != 1 or read.numbers or read.names or len(folded.split()) < 2:
            return None
        typed = key_of(read.rest[0])
        numeric = any(c.isdigit() for c in typed)
        if len(typed) < (_LEAST_NUMBER if numeric else _LEAST_NAME):
            return None
        known = self._keys if numeric else self._name_keys
        near = {key: ids for key, ids in known.items() if one_error_apart(typed, key)}
        ids = set().union(*near.values())
        if not ids or (numeric and len(ids) > 1):
            return None
        mended = replace(read, rest=[], numbers=[("", ids)] if numeric else [], names=[] if numeric else [ids])
        mention = self._mention(mended, folded)
        if mention is None or (numeric and (mention.documents[0].court_key or "").startswith(_COUNT_ALIKE)):
            return None
        return replace(mention, read_as=mention.documents[0].id if numeric else mention.documents[0].title)

    # ------------------------------------------------------------ parts

    def _taken_apart(self, folded: str) -> _Read:
        folded = re.sub(r"\b([Nn])[°o] ?(?=\d)", r"\1r ", folded)
        for reference in reversed(self._finder.find(folded)):
            if reference.kind is ReferenceKind.ARTICLE and not reference.value:
                folded = f"{folded[: reference.start]} , {folded[reference.end :]}"
        # numbers before places: the RN of `RN 16 K 24.32044` is Regensburg, not a margin number
        without_numbers, numbers, misread = self._numbers(folded)
        place = self._words.place.search(without_numbers)
        without_numbers = self._words.place.sub(" , ", without_numbers)
        dates: list[str] = []

        def take(match: re.Match[str]) -> str:
            dates.append(self._day(match))
            return " , "

        low = self._words.date.sub(take, f" {plain(without_numbers)} ")
        tokens = [part for token in re.split(r"[\s,;()\[\]\"]+", low) if token for part in self._split(token)]
        read = _Read([], [], set(), dates, place["value"] if place else None, [], numbers, [], misread=misread)
        tokens = self._names(tokens, _capitals(without_numbers), read)
        tokens = self._phrases(tokens, read)
        read.rest = [t for t in (t.strip(".:'-/") for t in tokens) if t and not self._is_filler(t, read)]
        return read

    def _day(self, match: re.Match[str]) -> str:
        g = match.groupdict()
        month = next((g[k] for k in ("m", "m2", "m5") if g[k]), None)
        number = self._words.months[month] if month else int(g["m3"] or g["m4"] or 0)
        year = next(g[k] for k in ("y", "y2", "y3", "y4", "y5") if g[k])
        day = next((g[k] for k in ("d", "d2", "d3", "d4") if g[k]), None)
        return f"{year}-{number:02d}" + (f"-{int(day):02d}" if day else "")

    def _numbers(self, folded: str) -> tuple[str, list[tuple[str, set[str]]], bool]:
        """(`folded` without the numbers known here, those numbers with their documents, whether one was misread)."""
        spans = [m.span() for m in re.finditer(r"[^\s,;()\[\]\"]+", folded)]
        found: list[tuple[str, set[str]]] = []
        cut: list[tuple[int, int]] = []
        misread = False
        start = 0
        while start < len(spans):
            for end in range(min(len(spans), start + _LONGEST), start, -1):
                begin, stop = spans[start][0], spans[end - 1][1]
                key = key_of(folded[begin:stop])
                if len(key) < 4 or not any(c.isdigit() for c in key):
                    continue
                ids = self._keys.get(key) or self._in_pieces(folded[begin:stop])
                if not ids and len(key) >= _MISREADABLE and (ids := self._look_alikes.get(key.translate(_LOOKS_LIKE))):
                    misread = True
                if ids:
                    found.append((key, ids))
                    cut.append((begin, stop))
                    start = end - 1
                    break
            start += 1
        rest = folded
        for begin, stop in reversed(cut):
            rest = f"{rest[:begin]} , {rest[stop:]}"
        return rest, found, misread

    def _in_pieces(self, typed: str) -> set[str] | None:
        """Documents of several numbers in one word (`NL23.31654/NL23.31659`), or of a number with a word of its kind inside."""
        if " " not in typed:
            pieces = [key_of(piece) for piece in typed.split("/")]
            found = [self._keys.get(piece, set()) for piece in pieces if len(piece) >= _MISREADABLE]
            return set.intersection(*found) or None if len(pieces) > 1 and len(found) == len(pieces) else None
        words = typed.split()
        kept = [w for w in words[1:-1] if plain(w) not in self._words.kinds and plain(w) not in self._words.around]
        return self._keys.get(key_of("".join((words[0], *kept, words[-1])))) if len(kept) < len(words) - 2 else None

    def _split(self, token: str) -> Iterator[str]:
        """`jawo-dommen` is two words; a hyphen between others stays."""
        if "/" in token.strip("/") and not any(c.isdigit() for c in token) and token not in self._words.courts:
            for piece in re.split("(/)", token):  # `tarakhel/zwitserland`
                if piece:
                    yield piece
            return
        head, dash, tail = token.rpartition("-")
        if dash and head and tail in self._words.around:
            yield head
        else:
            head, quote, tail = token.partition("'")
            yield head if quote and tail == "s" and len(head) > 2 else token

    def _names(self, tokens: list[str], capitals: frozenset[str], read: _Read) -> list[str]:
        """`tokens` without the case names in them and the opponents that follow."""
        left: list[str] = []
        start = 0
        while start < len(tokens):
            for end in range(min(len(tokens), start + _LONGEST), start, -1):
                window = [t for t in tokens[start:end] if t not in self._words.joins]
                key = key_of("".join(window))
                if not window or {tokens[start], tokens[end - 1]} & self._words.joins or not key_of(tokens[end - 1]) or len(key) < 2:
                    continue
                if (len(key) < _MIN_LOOSE_NAME and key not in capitals) or key not in self._name_keys:
                    continue
                read.names.append(self._name_keys[key])
                start = end + self._others(tokens[end : end + 3])
                if start < len(tokens) and tokens[start] in self._words.against:
                    start += 1 + self._party(tokens[start + 1 :])
                break
            else:
                if _ANONYMOUS.fullmatch(tokens[start]) and start + 1 < len(tokens) and tokens[start + 1] in self._words.against:
                    start += 2 + self._party(tokens[start + 2 :])  # `X v Minister`: no name, but no question either
                    continue
                left.append(tokens[start])
                start += 1
        return left

    def _others(self, tokens: Sequence[str]) -> int:
        """How many of `tokens` name further parties before the opponent: `and others`, `and ME v`."""
        if not tokens or tokens[0] not in self._words.joins:
            return 0
        if len(tokens) > 1 and tokens[1] in self._words.against:
            return 1
        if len(tokens) > 1 and tokens[1] in self._words.joins:
            return 2
        return 2 if len(tokens) > 2 and tokens[2] in self._words.against else 0

    def _party(self, tokens: Sequence[str]) -> int:
        """How many of `tokens` name an opponent: states, ministers and the like, up to what is known here as something else."""
        count = 0
        for token in tokens[:_PARTY_WORDS]:
            if any(c.isdigit() for c in token) or token in self._words.kinds:
                break
            count += 1
        return count

    def _phrases(self, tokens: list[str], read: _Read) -> list[str]:
        """`tokens` without courts and kinds of documents."""
        left: list[str] = []
        start = 0
        while start < len(tokens):
            for end in range(min(len(tokens), start + _LONGEST), start, -1):
                for phrase in (" ".join(tokens[start:end]), " ".join(tokens[start:end]).strip(".:")):
                    if phrase in self._words.courts:
                        read.courts += self._words.courts[phrase].split()
                    elif phrase in self._words.kinds:
                        read.kinds.append(self._words.kinds[phrase])
                    else:
                        continue
                    break
                else:
                    continue
                start = end
                break
            else:
                left.append(tokens[start])
                start += 1
        return left

    def _is_filler(self, token: str, read: _Read) -> bool:
        if token in self._words.around or f"{token}." in self._words.around:
            return True
        named = {code for start, code in self._states if token.startswith(start)}
        if named:
            read.states |= named - {""}
            return True
        if re.fullmatch(r"(?:19|20)\d\d", token):
            read.dates.append(token)
            return True
        if token in self._sittings:
            read.sittings.add(token)
            return True
        return False

    @cached_property
    def _states(self) -> tuple[tuple[str, str], ...]:
        """(beginning of a word as compared here, the state it names, or nothing for a people)."""
        states = [(plain(start), code) for code, starts in self._subjects.states.items() for start in starts]
        return (*states, *((plain(start), "") for starts in self._subjects.peoples.values() for start in starts))

    # ------------------------------------------------------------ documents

    def _meant(self, read: _Read) -> tuple[list[Document], int]:
        """(documents that the parts may mean, how many words may be left beside them)."""
        if read.numbers:
            ids = set.intersection(*(ids for _, ids in read.numbers))
            documents = self._documents(ids)
            long = any(len(key) >= _LONG_NUMBER for key, _ in read.numbers)
            # an act is asked about, and courts of one state count alike: beside such a number every word must be understood
            common = any(d.kind is Kind.REGULATION or (d.court_key or "").startswith(_COUNT_ALIKE) for d in documents)
            return documents, _MOST_UNKNOWN if long and not common else 0
        if read.names:
            return self._documents(set.intersection(*read.names)), 0
        if not read.dates or not (read.courts or read.sittings or read.states or Kind.LETTER in read.kinds):
            return [], 0
        days = [d for d in read.dates if len(d) == 10]
        if len(set(days)) > 1:
            return [], 0
        # a month, and a year with `report`, say which one only together with the body that wrote it
        whole = days or [d for d in read.dates if read.courts and (Kind.REPORT in read.kinds or len(d) == 7)]
        fitting = [d for d in self._library_documents if whole and d.date and d.date.value.startswith(whole[0])]
        fitting = [d for d in fitting if self._agrees(d, read, strict=True)]
        return fitting, _MOST_UNKNOWN if days and len(fitting) == 1 else 0

    def _agrees(self, document: Document, read: _Read, *, strict: bool) -> bool:
        """Whether what else is said fits the document: its court always; day, state and sitting where no number says which it is."""
        key = document.court_key or ""
        courts = [c for c in read.courts if c != "eu-ag"]
        # an opinion stands under its Advocate General, and a letter or report may speak of a court that it does not come from
        if courts and key and not any(key.startswith(c) for c in courts) and not (key == "eu-ag" and "eu-cjeu" in courts):
            named = {c.split("-")[0] for c in courts}
            if strict and (not read.names or document.kind in (Kind.JUDGMENT, Kind.VIEWS)):
                return False
            if not strict and document.kind is Kind.JUDGMENT and (key.startswith(_COUNT_ALIKE) or key.split("-")[0] not in named):
                return False
        if not strict:
            return True
        for date in read.dates:
            if document.date and not (document.date.value.startswith(date) or date.startswith(document.date.value)):
                return False
        if read.names:
            return True
        if read.sittings and document.sitting and plain(document.sitting).strip("'s-") not in read.sittings | {plain(document.sitting)}:
            return False
        return not read.states or bool(read.states & set(document.states)) or document.deciding_state in read.states

    def _documents(self, ids: Iterable[str]) -> list[Document]:
        return [d for d in self._library_documents if d.id in ids]

    @cached_property
    def _library_documents(self) -> list[Document]:
        """Decisions before what is written about them, the newest first."""
        return sorted(
            (d for d in self._library.documents() if not d.is_file or d.case_numbers),
            key=lambda d: (d.kind in (Kind.OPINION, Kind.REPORT, Kind.GUIDE, Kind.OTHER), -(d.date.first if d.date else 0), d.id),
        )

    @cached_property
    def _aliases(self) -> Mapping[str, tuple[str, ...]]:
        """Document id -> the names and numbers by which the library knows it besides its own."""
        every: dict[str, list[str]] = {d.id: list(d.aliases) for d in self._library_documents}
        for alias, document_id, _ in self._library.aliases():
            every.setdefault(document_id, []).append(alias)
        return {document_id: tuple(dict.fromkeys(names)) for document_id, names in every.items()}

    @cached_property
    def _sittings(self) -> frozenset[str]:
        return frozenset(plain(d.sitting).strip("'s-") for d in self._library_documents if d.sitting) | frozenset(
            plain(d.sitting).strip("'") for d in self._library_documents if d.sitting
        )

    @cached_property
    def _keys(self) -> dict[str, set[str]]:
        """Every way to write a number of this library, as letters and figures, to its documents."""
        keys: dict[str, set[str]] = {}
        for document in self._library_documents:
            for number in (document.id, *document.case_numbers, *self._aliases.get(document.id, ())):
                for form in number_forms(number, document.kind, self._words.ecli_courts):
                    if any(c.isdigit() for c in form):
                        keys.setdefault(key_of(form), set()).add(document.id)
        return keys

    @cached_property
    def _look_alikes(self) -> dict[str, set[str]]:
        alike: dict[str, set[str]] = {}
        for key, ids in self._keys.items():
            alike.setdefault(key.translate(_LOOKS_LIKE), set()).update(ids)
        return {key: ids for key, ids in alike.items() if len(ids) == 1}

    @cached_property
    def _name_keys(self) -> dict[str, set[str]]:
        """Every name of a case or an act without joining words, whole and before its opponent, to its documents."""
        keys: dict[str, set[str]] = {}
        for document in self._library_documents:
            for name in (*self._aliases.get(document.id, ()), document.title):
                if any(c.isdigit() for c in name):
                    continue
                words = plain(name).split()
                cut = next((n for n, w in enumerate(words) if n and w in self._words.against), 0)
                whole = () if name == document.title and document.kind is not Kind.REGULATION else words
                for part in (whole, words[:cut]):
                    if key := self._name_key(part):
                        keys.setdefault(key, set()).add(document.id)
        held = {d.id for d in self._library_documents}
        further = [(name, case.document) for case in self._finder.cases for name in case.names]
        further += list(self._words.nicknames.items())
        further += [(name, i) for act, names in self._finder.acts.items() for i in self._library.resolve_alias(act) for name in names]
        for name, document_id in further:
            if document_id in held and not any(c.isdigit() for c in name):
                keys.setdefault(self._name_key(plain(name).split()), set()).add(document_id)
        return keys

    def _name_key(self, words: Iterable[str]) -> str:
        return key_of("".join(w for w in words if w not in self._words.joins))

    def _article(self, folded: str) -> Mention | None:
        """A question that is an article of an act and nothing else."""
        references = self._finder.find(folded)
        acts = {r.value for r in references if r.kind is ReferenceKind.ARTICLE and r.value}
        if len(acts) != 1 or any(r.kind is not ReferenceKind.ARTICLE for r in references):
            return None
        rest = folded
        for reference in reversed(references):
            rest = f"{rest[: reference.start]} {rest[reference.end :]}"
        words = [plain(w).strip(".:,;()") for w in rest.split()]
        if any(w and w not in self._words.around for w in words):
            return None
        act, pinpoint = acts.pop(), references[0].pinpoint
        article = re.match(r"\d+[a-z]*", pinpoint.value) if pinpoint else None
        own = self._words.articles.get((act, article[0])) if article else None
        documents = self._documents([own] if own else self._library.resolve_alias(act))
        return Mention(tuple(documents), pinpoint.slug if pinpoint else None) if documents else None


def one_error_apart(typed: str, meant: str) -> bool:
    """One character wrong, missing, too many, or two neighbours swapped; False for equal strings."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    left, right = typed[start:], meant[start:]
    substituted = left[1:] == right[1:]
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:] and len(left) > 1
    return substituted or swapped or left[1:] == right or left == right[1:]


def number_forms(number: str, kind: Kind, ecli_courts: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A number as printed, and the ways in which its ends and its court are left out."""
    yield number
    if match := re.fullmatch(r"(.*\d)(?:\.[A-Z]| We)", number):  # 11 A 1564/20.A: asylum cases of German courts
        yield match[1]
    if match := re.fullmatch(r"(?:RVS:|NL-ABRvS-)?((\d{9})/(\d))(?:/V\d)?", number):
        yield from (number.rpartition(":")[2].removeprefix("NL-ABRvS-"), match[1], match[2], f"RVS {match[1]}", f"RVS {match[2]}")
    if match := re.fullmatch(r"([A-Z])-(\d+)/20(\d\d)", number):  # D-559/20
        yield f"{match[1]}-{match[2]}/{match[3]}"
    if match := re.fullmatch(r"(CCPR/C/\d+/D/\d+)/\d{4}", number):
        yield match[1]
    if match := re.fullmatch(r"(?:Kamerstuk |kst-)(\d{5})(?:, nr\. |-)(\d+)", number):
        yield from (f"{match[1]} {match[2]}", f"{match[1]} nr {match[2]}", f"kamerstuk {match[1]} {match[2]}", f"kst {match[1]} {match[2]}")
    if match := re.match(r"C-(\d{1,4})/(\d\d)(?!\d)", number):
        sector = "CC" if kind is Kind.OPINION else "CJ"
        yield from (match[0], f"6{2000 + int(match[2])}{sector}{int(match[1]):04d}")
        if kind is not Kind.OPINION:
            yield f"6{2000 + int(match[2])}CO{int(match[1]):04d}"
    if match := re.fullmatch(r"ECLI:NL:([A-Z]+):(\d{4}):(\d+)", number):
        for court in ecli_courts.get(match[1], (match[1],)):
            yield from (f"{court}{match[2]}{match[3]}", f"nl{court}{match[2]}{match[3]}")
    elif not number.startswith("ECLI:"):
        yield from _without_beginning(number)


def _without_beginning(number: str) -> Iterator[str]:
    """`DK-FLN-Graek-2019-6` without its country and court; what is left begins with a letter and holds four figures."""
    rest = number
    for _ in range(2):
        head, dash, rest = rest.partition("-")
        if not dash or not head.isalpha():
            return
        if rest[:1].isalpha() and sum(c.isdigit() for c in rest) >= 4 and len(key_of(rest)) > 6:
            yield rest


def _capitals(text: str) -> frozenset[str]:
    """Words in capitals, as keys: `N.S.` and `QY`, not `ro`."""
    words = [w.strip(",;:()[]") for w in text.split()]
    return frozenset(key_of(w) for w in words if w.upper() == w and any(c.isalpha() for c in w))


def _of_kind(documents: list[Document], kinds: Sequence[Kind]) -> list[Document]:
    """Documents of a kind asked for before the others."""
    return sorted(documents, key=lambda d: d.kind not in kinds) if kinds else documents


def _heading_words(document: Document) -> Iterator[str]:
    for text in (document.court, document.sitting, document.title, document.title_nl, *document.aliases):
        for word in re.split(r"[\s,;()\[\]]+", plain(text or "")):
            yield word.strip(".:'-–/\"")
