"""A draft against the corpus: for every citation whether it exists here, whether court, date, place and quotation fit, whether it still
stood, and whether it is used for the kind of case and the country that it is about.

Verdicts are factual and per part: `ok`, `differs` (with the right value beside the wrong one), `not-in-corpus`, `not-checkable` (with
the reason). Not in this corpus does not mean that it does not exist. The draft is read, never kept and never logged.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from kb.domain import countries
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Expression, Kind, Passage, TextStatus, Track
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.domain.references import Reference, ReferenceFinder, ReferenceKind, name_key
from kb.domain.results import Standing, StandingValue
from kb.law.drafts import CheckRules, Cited, Draft, names_of
from kb.law.quotes import Match, Quote, Words, compare, quote_words
from kb.ports import Citer
from kb.retrieval.identify import one_error_apart
from kb.store.library import Library, alias_key

Text = Mapping[str, str]
MAX_CHARACTERS = 1_000_000
_MIN_NEAR = 7  # characters: a shorter number one digit off is another number
_QUOTE_REACH = 400
_SENTENCE_REACH = 500
_EUROPEAN = ("EU", "CE", "UN")
_FEDERAL_NUMBER = r"\d{1,2}\s+[BC]\s+\d{1,3}\.\d\d"
_SESSION = re.compile(r"(?P<from>(?:19|20)\d\d) ?[-/–] ?(?P<to>(?:(?:19|20)\d\d|\d\d))(?!\d)")
_PARTY = re.compile(
    r"(?:(?<=[\w.)]) v\.? | t\. | c\. | tegen | contre |(?<=[\w.])/)(?:the |les? |la |l[’'])?[A-ZÀ-Ý][\w-]{2,20}(?: [A-Z][\w-]{2,20})?"
    r"(?:(?:,| and| en| et) (?:the |la |les? )?[A-ZÀ-Ý][\w-]{2,20}){0,3}"
)
_OWN_FILE = r"(?:bestand|file):?\s?(?P<file>[0-9a-f]{16})"
_FEDERAL = re.compile(r"(?:BVerwG )?(\d{1,2} [A-Z]{1,2} \d{1,3}\.\d\d)")
_NUMBERED = (PinpointKind.PARAGRAPH, PinpointKind.CONSIDERATION, PinpointKind.RANDNUMMER, PinpointKind.OTHER)
_LANGUAGE_NAMES: Mapping[str, Text] = {
    "nl": {"nl": "Nederlands", "en": "Dutch"},
    "en": {"nl": "Engels", "en": "English"},
    "de": {"nl": "Duits", "en": "German"},
    "fr": {"nl": "Frans", "en": "French"},
    "da": {"nl": "Deens", "en": "Danish"},
    "el": {"nl": "Grieks", "en": "Greek"},
}


class What(StrEnum):
    EXISTS = "exists"
    DATE = "date"
    COURT = "court"
    PINPOINT = "pinpoint"
    QUOTE = "quote"
    STANDING = "standing"
    TRACK = "track"  # the kind of case, and the country
    COUNTRY = "country"


class Verdict(StrEnum):
    OK = "ok"
    DIFFERS = "differs"
    NOT_IN_CORPUS = "not-in-corpus"
    NOT_CHECKABLE = "not-checkable"


_WORST = (Verdict.OK, Verdict.NOT_CHECKABLE, Verdict.NOT_IN_CORPUS, Verdict.DIFFERS)


@dataclass(frozen=True, slots=True)
class QuoteDifference:
    """Words of the draft against those of the source; either side may be empty."""

    draft: str
    source: str
    negation: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One part of a citation: what the draft prints, what is right where it differs, and a sentence (language -> text)."""

    what: What
    verdict: Verdict
    detail: Text
    printed: str | None = None
    right: str | None = None
    start: int | None = None  # of the quotation that was checked
    end: int | None = None
    passage_id: str | None = None
    document_ids: tuple[str, ...] = ()  # successors, near documents
    differences: tuple[QuoteDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedCitation:
    """One citation: `text == draft[start_char:end_char]`; `id` is the document it means, None where that is not held or not clear."""

    text: str
    start_char: int
    end_char: int
    id: str | None
    found: bool
    citation: Text | None
    checks: tuple[Check, ...]
    note: str | None = None
    short_form: bool = False

    @property
    def verdict(self) -> Verdict:
        """The worst of its parts; `not-checkable` parts do not count where others were checked."""
        checked = [check.verdict for check in self.checks if check.verdict is not Verdict.NOT_CHECKABLE]
        return max(checked, key=_WORST.index) if checked else Verdict.NOT_CHECKABLE


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`text` is the draft as it was read: offsets count in it (code points)."""

    text: str
    as_of: dt.date
    citations: tuple[CheckedCitation, ...]
    summary: Mapping[str, int] = field(default_factory=dict)


class Corpus(Protocol):
    """The part of one open generation that a check works on; `kb.wiring.View` fulfils it."""

    @property
    def library(self) -> Library: ...

    def standing(self, document_id: str, as_of: dt.date, track: Track | None = None) -> Standing: ...

    @property
    def citation(self) -> Citer: ...


def check(
    text: str, as_of: dt.date, view: Corpus, rules: CheckRules, finder: ReferenceFinder, *, language: str | None = None
) -> CheckResult:
    """Every citation of a draft with its checks, in the order of the text.

    Args:
        as_of: the day at which authorities must still stand.
        language: of the draft (BCP 47), where known: in German and Danish a bare `§ 7` is an article.
    """
    return Checker(view, rules, finder).check(text, as_of, language=language)


def say(nl: str, en: str) -> Text:
    return {"nl": nl, "en": en}


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a citation means: a held document, or why not. `check` is the part `exists`."""

    document: Document | None
    check: Check
    target: str | None = None  # the identifier, where it is not held


@dataclass(frozen=True)
class _Texts:
    """The texts of one document: official ones in their languages, with their numbers and words, and what a digest prints."""

    passages: tuple[tuple[Expression, tuple[Passage, ...]], ...]
    digest: tuple[Passage, ...]

    @property
    def is_held(self) -> bool:
        return bool(self.passages)

    @cached_property
    def numbers(self) -> set[tuple[int, ...]]:
        found: set[tuple[int, ...]] = set()
        for _, passages in self.passages:
            for passage in passages:
                if passage.pinpoint and passage.pinpoint.kind in _NUMBERED:
                    for low, high in ranges(passage.pinpoint.value):
                        found |= {low, high}
        return found

    @cached_property
    def words(self) -> list[tuple[Expression, Words, list[tuple[int, Passage]]]]:
        """Each official text as words, with the first word of every passage in it."""
        made = []
        for expression, passages in self.passages:
            parts: list[str] = []
            starts: list[tuple[int, Passage]] = []
            length = 0
            for passage in passages:
                starts.append((length, passage))
                shown = passage.display or passage.text
                parts.append(shown)
                length += len(shown) + 2
            made.append((expression, Words.of("\n\n".join(parts)), starts))
        return made


class Checker:
    """Checks drafts against one generation; texts of documents are read once."""

    def __init__(self, view: Corpus, rules: CheckRules, finder: ReferenceFinder) -> None:
        self._view, self._rules, self._finder = view, rules, finder
        self._library = view.library
        self._texts: dict[str, _Texts] = {}
        self._cases = {name_key(name): case for case in finder.cases for name in case.names}

    def check(self, text: str, as_of: dt.date, *, language: str | None = None) -> CheckResult:
        draft = Draft.read(text, self._finder, self._rules, language, self._known_numbers)
        quotes = self._rules.quotes.quotes(text)
        meant = self._meanings(draft, quotes)
        owners = _owners(draft, quotes)
        checked: list[CheckedCitation] = []
        left_out = 0
        for index, cited in enumerate(draft.cited):
            what = meant[index]
            if what is None or (cited.is_legislation and what.document is None):
                left_out += what is not None
                continue
            own = [quote for quote, owner in zip(quotes, owners, strict=True) if owner == index]
            one = self._checked(draft, cited, what, own, as_of, meant)
            # what a quoted decision cites itself is its own affair
            quoted = any(quote.start <= cited.start and cited.end <= quote.end for quote in quotes)
            checked.append(replace(one, checks=tuple(_as_quoted(check) for check in one.checks)) if quoted else one)
        summary = _summary(checked)
        summary["quotes_without_citation"] = sum(owner is None for owner in owners)
        summary["legislation_not_held"] = left_out
        return CheckResult(text, as_of, tuple(checked), summary)

    def _checked(
        self, draft: Draft, cited: Cited, meant: _Meant, quotes: Sequence[Quote], as_of: dt.date, every: Sequence[_Meant | None]
    ) -> CheckedCitation:
        checks = [meant.check]
        document = meant.document
        if document is not None:
            checks += self._date(cited, document)
            checks += self._court(cited, document)
            checks += self._pinpoint(cited, document)
            others = {m.document.id: m.document for m in every if m and m.document and m.document.id != document.id}
            checks += [self._quote(draft, cited, document, quote, others.values()) for quote in quotes]
            context = _Context.of(draft, cited, self._rules)
            checks += self._standing(cited, document, as_of, context)
            checks += _track(document, context)
            checks += _country(document, context)
        else:
            checks += self._unheld(cited, meant.target)
            checks += [
                Check(
                    What.QUOTE,
                    Verdict.NOT_CHECKABLE,
                    say("De bron staat niet in dit corpus.", "The source is not in this corpus."),
                    quote.text[:80],
                    start=quote.start,
                    end=quote.end,
                )
                for quote in quotes
            ]
        return CheckedCitation(
            text=draft.text[cited.start : cited.end],
            start_char=cited.start,
            end_char=cited.end,
            id=document.id if document else None,
            found=document is not None,
            citation=self._view.citation(document, self._place_of(document, cited)) if document else None,
            checks=tuple(checks),
            note=cited.note,
            short_form=cited.is_short or cited.kinds == {ReferenceKind.NAME},
        )

    def _place_of(self, document: Document, cited: Cited) -> Pinpoint | None:
        return cited.pinpoint if cited.pinpoint and document.kind not in (Kind.LETTER, Kind.DEBATE) else None

    # ------------------------------------------------------------------ which document

    def _meanings(self, draft: Draft, quotes: Sequence[Quote]) -> list[_Meant | None]:
        """What each citation means; None for what the draft names in no way that can be told."""
        meant: list[_Meant | None] = [None] * len(draft.cited)
        by_number: dict[tuple[str, str], set[str]] = defaultdict(set)
        by_name: dict[str, set[str]] = defaultdict(set)
        by_day: dict[str, set[str]] = defaultdict(set)
        # what identifies itself first: a short form may stand before it, in a heading
        for index, cited in enumerate(draft.cited):
            if cited.is_short or cited.kinds == {ReferenceKind.NAME}:
                continue
            found = meant[index] = self._identified(cited)
            identity = found.document.id if found.document else found.target
            if identity is None or cited.is_legislation:
                continue
            for reference in cited.references:
                by_number[(str(reference.kind), reference.value)].add(identity)
            for name in (*cited.names, *(r.value for r in cited.references if r.kind is ReferenceKind.NAME)):
                by_name[name_key(name).casefold()].add(identity)
            if cited.day and cited.day.day:
                by_day[cited.day.day].add(identity)
        order = sorted(range(len(draft.cited)), key=lambda i: draft.cited[i].order)
        read: list[int] = []  # decisions so far, in reading order
        for index in order:
            cited = draft.cited[index]
            if cited.kinds == {ReferenceKind.NAME}:
                meant[index] = self._by_name(cited, by_name)
            elif cited.back is not None and ":" in cited.back:
                meant[index] = self._dated(draft, cited, by_day, meant)
            elif cited.is_short:
                meant[index] = self._referred(draft, cited, read, meant)
            found_now = meant[index]
            inside = any(quote.start <= cited.start < quote.end for quote in quotes)
            if found_now is not None and not inside and not cited.is_legislation and (found_now.document or found_now.target):
                read.append(index)
        return meant

    def _identified(self, cited: Cited) -> _Meant:
        if cited.malformed:
            return self._oddity(cited)
        references = cited.references
        eclis = [r for r in references if r.kind is ReferenceKind.ECLI]
        numbers = [r for r in references if r.kind not in (ReferenceKind.ECLI, ReferenceKind.NAME)]
        if eclis:
            return self._by_ecli(cited, eclis[0], numbers)
        held = [(r, self._candidates(r, cited)) for r in numbers]
        documents = [d for _, found in held for d in found]
        best = self._best(documents, cited)
        if best is None:
            return self._not_held(cited, numbers)
        wrong = [r for r, found in held if best.id not in {d.id for d in found}]
        if wrong and best.case_numbers:
            return self._wrong_number(best, wrong[0])
        if other_session := next((made for r in numbers if (made := _in_another_session(r, best))), None):
            return other_session
        return self._named_otherwise(cited, best) or _Meant(best, self._exists(numbers[0].text if numbers else None))

    def _by_ecli(self, cited: Cited, ecli: Reference, numbers: Sequence[Reference]) -> _Meant:
        document = self._library.find_document(ecli.value)
        others = [d for r in numbers for d in self._candidates(r, cited)]
        if document is None:
            return self._unheld_ecli(cited, ecli, others)
        wrong = [r for r in numbers if document.id not in {d.id for d in self._candidates(r, cited)}]
        if wrong and document.case_numbers:
            return self._wrong_number(document, wrong[0])
        return self._named_otherwise(cited, document) or _Meant(document, self._exists(ecli.text))

    def _exists(self, printed: str | None) -> Check:
        return Check(What.EXISTS, Verdict.OK, say("Staat in dit corpus.", "Is in this corpus."), printed)

    def _wrong_number(self, document: Document, wrong: Reference) -> _Meant:
        right = ", ".join(document.case_numbers)
        owner = self._best(self._candidates(wrong, None), None)
        whose = f"; {wrong.value} = {owner.id}" if owner else ""
        detail = say(
            f"Het nummer {wrong.text} hoort niet bij {document.id}: dat is {right}{whose}.",
            f"The number {wrong.text} does not belong to {document.id}, which is {right}{whose}.",
        )
        near = (owner.id,) if owner else ()
        return _Meant(document, Check(What.EXISTS, Verdict.DIFFERS, detail, wrong.text, right, document_ids=near))

    def _named_otherwise(self, cited: Cited, document: Document) -> _Meant | None:
        """A name that belongs to another held document than the number beside it."""
        for reference in cited.references:
            if reference.kind is not ReferenceKind.NAME:
                continue
            case = self._cases.get(name_key(reference.value)) or self._cases.get(name_key(reference.text))
            if case is None or case.document == document.id or name_key(reference.value).casefold() in names_of(document):
                continue
            numbers = {alias_key(number) for number in case.numbers}
            if numbers & {alias_key(number) for number in document.case_numbers} or not self._library.find_document(case.document):
                continue  # an opinion or order in the same case
            detail = say(
                f"{document.id} is niet {reference.text}: dat is {case.document}.",
                f"{document.id} is not {reference.text}, which is {case.document}.",
            )
            return _Meant(
                document, Check(What.EXISTS, Verdict.DIFFERS, detail, reference.text, case.document, document_ids=(case.document,))
            )
        own = {alias_key(number) for number in document.case_numbers}
        if other := self._printed_name_of_another(cited, document, own):
            name, held_as = other
            detail = say(f"{document.id} is niet {name}: dat is {held_as}.", f"{document.id} is not {name}, which is {held_as}.")
            return _Meant(document, Check(What.EXISTS, Verdict.DIFFERS, detail, name, held_as, document_ids=(held_as,)))
        for name in cited.names:
            held = [d for i in self._library.resolve_alias(name) if (d := self._library.find_document(i))]
            if len(held) == 1 and held[0].id != document.id and not own & {alias_key(number) for number in held[0].case_numbers}:
                right = held[0].id
                detail = say(f"{document.id} is niet {name}: dat is {right}.", f"{document.id} is not {name}, which is {right}.")
                return _Meant(document, Check(What.EXISTS, Verdict.DIFFERS, detail, name, right, document_ids=(right,)))
        return None

    @cached_property
    def _named_cases(self) -> tuple[re.Pattern[str], Mapping[str, frozenset[str]]] | None:
        """The names of the European cases that are held, as a pattern, and whose they are."""
        owners: dict[str, set[str]] = defaultdict(set)
        for document in self._library.documents():
            if document.deciding_state in _EUROPEAN and document.kind in (Kind.JUDGMENT, Kind.VIEWS):
                for name in (document.extra.get("case_name"), document.extra.get("case_name_nl")):
                    if name:
                        owners[_name_words(name)].add(document.id)
        owners.pop("", None)
        if not owners:
            return None
        listed = "|".join(re.escape(name).replace("\\ ", r"\s+") for name in sorted(owners, key=lambda n: (-len(n), n)))
        return re.compile(rf"(?<![\w.-])(?:{listed})(?![\w]|-\w)"), {name: frozenset(ids) for name, ids in owners.items()}

    def _printed_name_of_another(self, cited: Cited, document: Document, own: set[str]) -> tuple[str, str] | None:
        """(name, its document) where the name directly before or behind the numbers is that of another held case, and not of this one."""
        if self._named_cases is None or document.deciding_state not in _EUROPEAN:
            return None
        pattern, owners = self._named_cases
        told: list[tuple[str, frozenset[str]]] = []
        for beside in cited.beside:
            for match in pattern.finditer(beside):
                told.append((match[0], owners[_name_words(match[0])]))
        if not told or any(document.id in ids for _, ids in told):
            return None
        for name, ids in told:
            others = [d for i in sorted(ids) if (d := self._library.find_document(i))]
            if others and not any(own & {alias_key(number) for number in d.case_numbers} for d in others):
                return " ".join(name.split()), others[0].id
        return None

    def _candidates(self, reference: Reference, cited: Cited | None) -> list[Document]:
        """The held documents that a number can mean."""
        if reference.document and (document := self._library.find_document(reference.document)):
            return [document]
        for form in _forms(reference):
            document = self._library.find_document(form)
            ids = [document.id] if document else []
            ids += [i for i in self._library.resolve_alias(form) if i not in ids]
            found = [d for i in ids if (d := self._library.find_document(i))]
            if found:
                return found
        if reference.kind is ReferenceKind.AKTENZEICHEN:
            # any number is unique at its court alone: the court must be the one printed, or the day
            number = " ".join(reference.text.split())
            found = [d for i in self._library.resolve_alias(number) if (d := self._library.find_document(i))]
            day = cited.day.day if cited and cited.day else None
            printed = self._rules.named.match(reference.value.removesuffix(number))
            keys = self._rules.keys[(printed.lastindex or 1) - 1] if printed else cited.court.keys if cited and cited.court else ()
            return [d for d in found if self._rules.is_court(keys, d.court_key or "") or (day and d.date and d.date.value == day)]
        return []

    def _best(self, documents: Sequence[Document], cited: Cited | None) -> Document | None:
        """Of several documents with one number: that of the printed day, a decision before an opinion on it."""
        day = cited.day.day if cited and cited.day else None
        opinion = bool(cited and cited.court and cited.court.keys == ("eu-ag",))
        unique = {d.id: d for d in documents}

        def order(document: Document) -> tuple[bool, bool, bool, str]:
            of_day = day is not None and document.date is not None and document.date.value == day
            return not of_day, (document.kind is Kind.OPINION) is not opinion, document.kind not in (Kind.JUDGMENT, Kind.VIEWS), document.id

        return min(unique.values(), key=order, default=None)

    # --- what is not held

    @cached_property
    def _known_numbers(self) -> re.Pattern[str] | None:
        """The case numbers of this corpus that are long enough to be nothing else."""
        every = self._library.documents()
        # its id too: our own citations name a decision by it that has no number (`SRU-K1-2025-10`)
        named = [*(n for d in every for n in d.case_numbers), *(d.id for d in every if not d.is_file and not d.id.startswith("ECLI:"))]
        numbers = {n for n in named if len(n) >= _MIN_NEAR and re.search(r"\d.*[^\d\s].*\d", n)}
        if not numbers:
            return None
        listed = "|".join(r"\s+".join(re.escape(part) for part in n.split()) for n in sorted(numbers, key=lambda n: (-len(n), n)))
        listed += rf"|{_FEDERAL_NUMBER}|{_OWN_FILE}"  # no other court numbers its cases so; how our own citations name a file
        return re.compile(rf"(?<![\w./-])(?:{listed})(?![\w/-]|\.\d)")

    @cached_property
    def _of_day(self) -> Mapping[str, Sequence[Document]]:
        days: dict[str, list[Document]] = defaultdict(list)
        for document in self._library.documents():
            if document.date:
                days[document.date.value].append(document)
        return dict(days)

    @cached_property
    def _keys(self) -> dict[str, set[str]]:
        """Every id and number as compared, to the documents that carry it."""
        keys: dict[str, set[str]] = defaultdict(set)
        for document in self._library.documents():
            keys[alias_key(document.id)].add(document.id)
        for alias, document_id, kind in self._library.aliases():
            if kind == "case-number":
                keys[alias].add(document_id)
        return dict(keys)

    def _near(self, values: Iterable[str]) -> list[Document]:
        """Documents whose number differs by one typing error."""
        meant: dict[str, Document] = {}
        for value in values:
            key = alias_key(value)
            if len(key) < _MIN_NEAR:
                continue
            for known, ids in self._keys.items():
                if one_error_apart(key, known):
                    for document_id in ids:
                        if document := self._library.find_document(document_id):
                            meant[document.id] = document
        return sorted(meant.values(), key=lambda d: d.id)

    def _agreeing(self, documents: Sequence[Document], cited: Cited) -> list[Document]:
        """Those with which what else the draft prints agrees: a name, or the day. Without either nobody is meant."""
        day = cited.day.day if cited.day else None
        names = {name_key(n).casefold() for n in (*cited.names, *(r.value for r in cited.references if r.kind is ReferenceKind.NAME))}
        known = {r.document for r in cited.references if r.kind is ReferenceKind.NAME and r.document}
        case_of = {c.document for n in names if (c := next((c for k, c in self._cases.items() if k.casefold() == n), None))}
        return [
            d
            for d in documents
            if (day is not None and d.date is not None and d.date.value == day) or names & names_of(d) or d.id in known | case_of
        ]

    def _unheld_ecli(self, cited: Cited, ecli: Reference, others: Sequence[Document]) -> _Meant:
        near = self._near([ecli.value])
        same_number = [d for d in others if d.id in {n.id for n in near}]
        # a number beside it, a name or the day says which of them is meant
        meant = same_number or self._agreeing([*near, *others], cited)
        unique = {d.id: d for d in meant}
        if len(unique) == 1:
            return self._misprinted(next(iter(unique.values())), ecli.text)
        return self._absent(ecli.text, ecli.value, near)

    def _not_held(self, cited: Cited, numbers: Sequence[Reference]) -> _Meant:
        named = [r for r in cited.references if r.kind is ReferenceKind.NAME]
        near = self._near(form for r in numbers for form in _forms(r))
        if numbers and numbers[0].kind is ReferenceKind.AKTENZEICHEN:
            near += self._near(" ".join(r.text.split()) for r in numbers)
        known = [d for r in named if r.document and (d := self._library.find_document(r.document))]
        unique = {d.id: d for d in self._agreeing([*near, *known], cited)}
        printed = numbers[0].text if numbers else (named[0].text if named else "")
        value = numbers[0].value if numbers else printed
        if len(unique) == 1:
            return self._misprinted(next(iter(unique.values())), printed)
        return self._absent(printed, numbers[0].document or value if numbers else value, near)

    def _misprinted(self, document: Document, printed: str) -> _Meant:
        right = (
            document.id
            if printed.upper().replace(" ", "").startswith(("ECLI", "EU:C", "CE:")) or not document.case_numbers
            else ", ".join(document.case_numbers)
        )
        detail = say(f"Zo staat het niet in dit corpus: bedoeld is {right}.", f"Not in this corpus as printed: {right} is meant.")
        return _Meant(document, Check(What.EXISTS, Verdict.DIFFERS, detail, printed, right, document_ids=(document.id,)))

    def _absent(self, printed: str, target: str, near: Sequence[Document]) -> _Meant:
        listed = ", ".join(d.id for d in near[:5])
        detail = say(
            "Staat niet in dit corpus. Dat bewijst niet dat het niet bestaat." + (f" Eén teken verschil met: {listed}." if near else ""),
            "Not in this corpus. That does not prove that it does not exist." + (f" One character from: {listed}." if near else ""),
        )
        return _Meant(None, Check(What.EXISTS, Verdict.NOT_IN_CORPUS, detail, printed, document_ids=tuple(d.id for d in near[:5])), target)

    def _oddity(self, cited: Cited) -> _Meant:
        printed = cited.malformed or ""
        words = {"ecli": "ECLI", "docket": say("zaaknummer", "case number")["en"], "case-number": "case number"}.get(printed, printed)
        detail = say(
            f"Dit is geen geldig nummer ({'ECLI' if printed == 'ecli' else 'zaaknummer'}).", f"This is not a valid number ({words})."
        )
        return _Meant(None, Check(What.EXISTS, Verdict.NOT_IN_CORPUS, detail))

    # --- short forms

    def _by_name(self, cited: Cited, by_name: Mapping[str, set[str]]) -> _Meant | None:
        reference = cited.references[0]
        key = name_key(reference.value).casefold()
        targets = by_name.get(key, set()) | by_name.get(name_key(reference.text).casefold(), set())
        if cited.to_note is None and len(targets) == 1:
            identity = next(iter(targets))
            document = self._library.find_document(identity)
            return self._as_named(document, reference) if document else _Meant(None, _elsewhere(identity), identity)
        document = self._library.find_document(reference.document) if reference.document else None
        if document is None:
            held = [d for i in self._library.resolve_alias(reference.text) if (d := self._library.find_document(i))]
            document = self._best(held, cited) if held else None
        if document is not None:
            return self._as_named(document, reference)
        if reference.document:
            return self._absent(reference.text, reference.document, ())
        detail = say("Alleen met een naam genoemd, zonder nummer.", "Named only, without a number.")
        return _Meant(None, Check(What.EXISTS, Verdict.NOT_CHECKABLE, detail, reference.text))

    def _as_named(self, document: Document, reference: Reference) -> _Meant:
        detail = say(f"Staat in dit corpus: {document.id}.", f"Is in this corpus: {document.id}.")
        return _Meant(document, Check(What.EXISTS, Verdict.OK, detail, reference.text))

    def _dated(self, draft: Draft, cited: Cited, by_day: Mapping[str, set[str]], meant: Sequence[_Meant | None]) -> _Meant:
        """`de uitspraak van 28 juli 2021`: one that the draft cites with that day, else the only one of that day and court here."""
        printed = draft.text[cited.start : cited.end]
        day = (cited.back or "").partition(":")[2]
        targets = {t for t in by_day.get(day, set()) if self._finder.can_mean(printed, t)} or by_day.get(day, set())
        if len(targets) == 1:
            identity = next(iter(targets))
            document = self._library.find_document(identity)
            return _Meant(document, self._exists(printed)) if document else _Meant(None, _elsewhere(identity), identity)
        cited_here = {m.document.id: m.document for m in meant if m and m.document}
        if not targets:
            slips = [
                d
                for d in cited_here.values()
                if d.date and _one_part_off(d.date.value, day) and self._finder.can_mean(printed, d.id) and self._same_court(cited, d)
            ]
            if len(slips) == 1:
                return _Meant(slips[0], self._exists(printed))
        held = [
            d
            for d in self._of_day.get(day, ())
            if d.kind is Kind.JUDGMENT and self._finder.can_mean(printed, d.id) and self._same_court(cited, d)
        ]
        if cited.court and len(held) == 1:
            return _Meant(held[0], self._exists(printed))
        detail = say(
            "Alleen met de datum genoemd: welke uitspraak dat is, blijkt niet uit het stuk.",
            "Named by its date alone: the draft does not tell which decision that is.",
        )
        return _Meant(None, Check(What.EXISTS, Verdict.NOT_CHECKABLE, detail, printed, document_ids=tuple(d.id for d in held[:5])))

    def _same_court(self, cited: Cited, document: Document) -> bool:
        return cited.court is None or self._rules.is_court(cited.court.keys, document.court_key or "")

    def _referred(self, draft: Draft, cited: Cited, read: Sequence[int], meant: Sequence[_Meant | None]) -> _Meant:
        printed = draft.text[cited.start : cited.end]
        if cited.to_note is not None:
            possible = [i for i in range(len(draft.cited)) if draft.cited[i].note == cited.to_note and meant[i]]
        elif cited.ibid:
            possible = list(read[-1:])
        else:
            possible = self._nearest(draft, printed, read, meant)
        identities = {self._identity(meant[i]) for i in possible} - {None}
        if len(identities) == 1:
            identity = next(iter(identities)) or ""
            document = self._library.find_document(identity)
            return _Meant(document, self._as_referred(document, printed)) if document else _Meant(None, _elsewhere(identity), identity)
        detail = say(
            "Verwijst terug, maar naar welke uitspraak blijkt niet uit het stuk."
            if len(identities) < 2
            else f"Kan slaan op: {', '.join(sorted(i for i in identities if i))}.",
            "Refers back, but the draft does not tell to which decision."
            if len(identities) < 2
            else f"Can mean: {', '.join(sorted(i for i in identities if i))}.",
        )
        return _Meant(None, Check(What.EXISTS, Verdict.NOT_CHECKABLE, detail, printed))

    def _as_referred(self, document: Document, printed: str) -> Check:
        return Check(What.EXISTS, Verdict.OK, say(f"Slaat op {document.id}.", f"Refers to {document.id}."), printed)

    def _identity(self, meant: _Meant | None) -> str | None:
        return None if meant is None else meant.document.id if meant.document else meant.target

    def _nearest(self, draft: Draft, printed: str, read: Sequence[int], meant: Sequence[_Meant | None]) -> list[int]:
        """The decisions of the nearest sentence, going back, that has one which the noun can mean."""
        found: list[int] = []
        sentence: tuple[int, int] | None = None
        for index in reversed(read):
            identity = self._identity(meant[index])
            if identity is None or not self._finder.can_mean(printed, identity):
                continue
            place = draft.sentence(draft.place_in_text(draft.cited[index]))
            if sentence is not None and place != sentence:
                break
            sentence = place
            found.append(index)
        return found

    # ------------------------------------------------------------------ date and court

    def _date(self, cited: Cited, document: Document) -> list[Check]:
        day = cited.day
        if day is None:
            return []
        if document.date is None:
            detail = say("De datum van dit document is hier niet bekend.", "The date of this document is not known here.")
            return [Check(What.DATE, Verdict.NOT_CHECKABLE, detail, day.text)]
        right = document.date
        fits = day.day is not None and right.first_day.isoformat() <= day.day <= right.last_day.isoformat()
        if fits and right.precision == "day":
            return [Check(What.DATE, Verdict.OK, say("De datum klopt.", "The date is right."), day.text)]
        if fits:
            detail = say(f"Hier is alleen {right} bekend; dat past.", f"Only {right} is known here, which fits.")
            return [Check(What.DATE, Verdict.OK, detail, day.text)]
        nl, en = _written(right, "nl"), _written(right, "en")
        return [Check(What.DATE, Verdict.DIFFERS, say(f"De datum is {nl}.", f"The date is {en}."), day.text, right.value)]

    def _court(self, cited: Cited, document: Document) -> list[Check]:
        court = cited.court
        if court is None:
            return []
        if not document.court_key:
            detail = say("Welk gerecht dit is, is hier niet bekend.", "Which court this is, is not known here.")
            return [Check(What.COURT, Verdict.NOT_CHECKABLE, detail, court.text)]
        if not self._rules.is_court(court.keys, document.court_key) or (court.keys == ("eu-ag",) and document.kind is not Kind.OPINION):
            held = self._rules.courts.by_key.get(document.court_key)
            nl, en = (held.cite_nl or document.court, held.cite_en or document.court) if held else (document.court, document.court)
            return [
                Check(What.COURT, Verdict.DIFFERS, say(f"Het is een uitspraak van {nl}.", f"It is a decision of {en}."), court.text, nl)
            ]
        if court.sitting and document.sitting and _folded(court.sitting) != _folded(document.sitting):
            detail = say(f"De zittingsplaats is {document.sitting}.", f"The court sat in {document.sitting}.")
            return [Check(What.COURT, Verdict.DIFFERS, detail, court.sitting, document.sitting)]
        return [Check(What.COURT, Verdict.OK, say("Het gerecht klopt.", "The court is right."), court.text)]

    def _unheld(self, cited: Cited, target: str | None) -> list[Check]:
        """What an ECLI says by itself, of a decision that is not held: its court and its year."""
        ecli = next((r.value for r in cited.references if r.kind is ReferenceKind.ECLI), None)
        if ecli is None or target is None:
            return []
        checks = []
        year = ecli.split(":")[3]
        if cited.day and cited.day.day and cited.day.day[:4] != year:
            detail = say(f"De ECLI is van een beslissing uit {year}.", f"The ECLI is that of a decision of {year}.")
            checks.append(Check(What.DATE, Verdict.DIFFERS, detail, cited.day.text, year))
        court = self._rules.courts.find(None, ecli)
        if cited.court and court and not self._rules.is_court(cited.court.keys, court.key):
            detail = say(f"De ECLI is van {court.cite_nl}.", f"The ECLI is that of {court.cite_en}.")
            checks.append(Check(What.COURT, Verdict.DIFFERS, detail, cited.court.text, court.cite_nl))
        return checks

    # ------------------------------------------------------------------ pinpoints

    def texts(self, document: Document) -> _Texts:
        if document.id not in self._texts:
            held, digest = [], []
            for expression in self._library.expressions(document.id, with_text=False):
                if not expression.current:
                    continue
                passages = self._library.passages(expression.key)
                if expression.text_status is TextStatus.DIGEST:
                    digest += passages
                else:
                    held.append((expression, tuple(passages)))
            self._texts[document.id] = _Texts(tuple(held), tuple(digest))
        return self._texts[document.id]

    def _pinpoint(self, cited: Cited, document: Document) -> list[Check]:
        places = [cited.pinpoint] if cited.pinpoint else []
        places += [r.pinpoint for r in cited.references if r.kind in (ReferenceKind.ARTICLE, ReferenceKind.RECITAL) and r.pinpoint]
        return [self._one_pinpoint(place, document) for place in {p.slug: p for p in places}.values()]

    def _one_pinpoint(self, place: Pinpoint, document: Document) -> Check:
        texts = self.texts(document)
        printed = place.printed or place.value
        if place.kind in (PinpointKind.ARTICLE, PinpointKind.RECITAL):
            return _article(place, texts)
        if place.kind in (PinpointKind.PAGE, PinpointKind.PAGE_SECTION):
            return _page(place, texts)
        asked = ranges(place.value)
        if not asked or place.kind is PinpointKind.SECTION:
            return Check(What.PINPOINT, Verdict.NOT_CHECKABLE, say("Deze plaats is geen nummer.", "This place is no number."), printed)
        if not texts.is_held or not texts.numbers:
            if texts.digest and all(_in_digest(low, high, texts.digest) for low, high in asked):
                detail = say("Deze plaats staat in onze samenvatting.", "This place is in our digest.")
                return Check(What.PINPOINT, Verdict.OK, detail, printed)
            return Check(What.PINPOINT, Verdict.NOT_CHECKABLE, _not_held_text(texts), printed)
        missing = [number for low, high in asked for number in (low, high) if not _has(texts.numbers, number)]
        if not missing:
            return Check(What.PINPOINT, Verdict.OK, say("Deze plaats bestaat.", "This place exists."), printed)
        gone, last = missing[0], max(texts.numbers)
        shown, end = _printed_number(gone), _printed_number(last)
        if gone[:1] > last[:1]:
            detail = say(f"{shown} bestaat niet: de tekst loopt tot en met {end}.", f"There is no {shown}: the text ends at {end}.")
            return Check(What.PINPOINT, Verdict.DIFFERS, detail, printed, f"≤ {end}")
        near = sorted(n for n in texts.numbers if n[: len(gone) - 1] == gone[:-1])[:12]
        right = ", ".join(_printed_number(n) for n in near) or end
        detail = say(f"{shown} staat niet in de tekst; wel: {right}.", f"{shown} is not in the text; there are: {right}.")
        return Check(What.PINPOINT, Verdict.DIFFERS, detail, printed, right)

    # ------------------------------------------------------------------ quotations

    def _quote(self, draft: Draft, cited: Cited, document: Document, quote: Quote, others: Iterable[Document]) -> Check:
        def made(verdict: Verdict, detail: Text, **more: object) -> Check:
            check = Check(What.QUOTE, verdict, detail, quote.text[:300], start=quote.start, end=quote.end)
            return replace(check, **more)  # type: ignore[arg-type]

        texts = self.texts(document)
        spoken = self._rules.quotes.language_of(quote_words(quote.text, self._rules.quotes))
        found = self._found(quote.text, texts)
        if found is not None:
            return self._placed(draft, cited, document, quote, found, made)
        if not texts.is_held:
            if self._in_digest(quote.text, texts):
                detail = say(
                    "Dit zijn de woorden van onze samenvatting, niet die van het document.",
                    "These are the words of our digest, not those of the document.",
                )
                return made(Verdict.DIFFERS, detail)
            return made(Verdict.NOT_CHECKABLE, _not_held_text(texts))
        held = sorted({expression.language for expression, _ in texts.passages})
        if spoken and spoken not in held:
            around = draft.text[max(0, quote.start - 120) : quote.end + 160]
            official = self._rules.official_languages.get(document.deciding_state or "", (document.language,))
            nl = f"Het citaat is {_language(spoken, 'nl')}; hier is alleen de tekst in het {', '.join(_language(h, 'nl') for h in held)}."
            en = f"The quotation is in {_language(spoken, 'en')}; only the text in {', '.join(_language(h, 'en') for h in held)} is held."
            if spoken in official or self._rules.translation.found_in(around):
                return made(Verdict.NOT_CHECKABLE, say(nl, en))
            nl += " In die taal zijn het niet de woorden van het document: een vertaling is geen letterlijk citaat."
            en += " The document does not speak that language: a translation is no word-for-word quotation."
            return made(Verdict.DIFFERS, say(nl, en), right=", ".join(held))
        for other in others:
            if (elsewhere := self._found(quote.text, self.texts(other))) and not elsewhere[1].differences:
                detail = say(f"Deze woorden staan in {other.id}, niet hier.", f"These words are in {other.id}, not here.")
                return made(Verdict.DIFFERS, detail, right=other.id, document_ids=(other.id,))
        detail = say("Deze woorden staan niet in de tekst die hier is.", "These words are not in the text that is held here.")
        return made(Verdict.DIFFERS, detail)

    def _found(self, quote: str, texts: _Texts) -> tuple[Expression, Match, list[Passage], str] | None:
        """The best place of a quotation among the official texts of a document."""
        best: tuple[Expression, Match, list[Passage], str] | None = None
        for expression, words, starts in texts.words:
            match = compare(quote, words, self._rules.quotes, expression.language)
            if match is None or match.last <= match.first:
                continue
            if best is None or (len(match.differences), -match.share) < (len(best[1].differences), -best[1].share):
                covered = _covered(words, starts, match.first, match.last)
                best = (expression, match, covered, _number_of(covered, [p for _, p in starts]))
        return best

    def _places_also(self, document: Document, found: tuple[Expression, Match, list[Passage], str]) -> set[tuple[int, ...]]:
        """The numbers of the other places where the same words stand."""
        _, words, starts = next(row for row in self.texts(document).words if row[0].key == found[0].key)
        numbers: set[tuple[int, ...]] = set()
        for first, last in found[1].also:
            covered = _covered(words, starts, first, last)
            numbers |= {n for passage in covered for n in _numbers(passage)} or {_number(_number_of(covered, [p for _, p in starts]))}
        return numbers

    def _in_digest(self, quote: str, texts: _Texts) -> bool:
        return any(
            (m := compare(quote, Words.of(p.display or p.text), self._rules.quotes)) is not None and not m.differences for p in texts.digest
        )

    def _placed(
        self,
        draft: Draft,
        cited: Cited,
        document: Document,
        quote: Quote,
        found: tuple[Expression, Match, list[Passage], str],
        made: "_Maker",
    ) -> Check:
        expression, match, covered, place = found
        passage_id = covered[0].id if covered else None
        tongue = {language: _language(expression.language, language) for language in ("nl", "en")}
        differences = tuple(QuoteDifference(d.draft, d.source, d.negation) for d in match.differences)
        cut = match.cut
        if (
            cut
            and match.cut_before
            and self._rules.quotes.negation(
                re.findall(r"[^\W_]+", draft.text[max(0, quote.start - 40) : quote.start].lower()), expression.language
            )
        ):
            cut = None  # the draft says it in its own words
        if differences or cut:
            turned = cut or next((d.negation for d in differences if d.negation), None)
            listed = "; ".join(f"‘{d.draft or '–'}’ → ‘{d.source or '–'}’" for d in differences[:6])
            nl = f"Niet woord voor woord ({tongue['nl']} tekst{', ' + place if place else ''}): {listed or f'weggelaten ‘{cut}’'}."
            en = f"Not word for word ({tongue['en']} text{', ' + place if place else ''}): {listed or f'left off ‘{cut}’'}."
            if turned:
                nl += f" Let op de ontkenning ‘{turned}’."
                en += f" Mind the negation ‘{turned}’."
            right = self._source_words(document, match, expression)
            return made(Verdict.DIFFERS, say(nl, en), differences=differences, right=right, passage_id=passage_id)
        numbers = {number for passage in covered for number in _numbers(passage)} or ({_number(place)} if place else set())
        asked = ranges(cited.pinpoint.value) if cited.pinpoint and cited.pinpoint.kind in _NUMBERED else []
        if asked and match.also:
            numbers |= self._places_also(document, found)
        if asked and numbers and not any(_holds(low, high, number) for low, high in asked for number in numbers if number):
            detail = say(f"Staat er woord voor woord, maar in {place}.", f"It is there word for word, but at {place}.")
            return made(Verdict.DIFFERS, detail, right=place, passage_id=passage_id)
        where = f", {place}" if place else ""
        detail = say(f"Woord voor woord in de {tongue['nl']} tekst{where}.", f"Word for word in the {tongue['en']} text{where}.")
        return made(Verdict.OK, detail, passage_id=passage_id)

    def _source_words(self, document: Document, match: Match, expression: Expression) -> str:
        words = next(words for held, words, _ in self.texts(document).words if held.key == expression.key)
        return words.printed(match.first, min(match.last, match.first + 200))

    # ------------------------------------------------------------------ standing

    def _standing(self, cited: Cited, document: Document, as_of: dt.date, context: "_Context") -> list[Check]:
        if cited.is_legislation:
            return []
        track = context.track or document.track
        standing = self._view.standing(document.id, as_of, track)
        successors = tuple(s.document_id for s in standing.successors)
        if document.date is not None and document.date.first_day > as_of:
            detail = say(f"Dit document was er op {as_of} nog niet.", f"This document did not exist yet on {as_of}.")
            return [Check(What.STANDING, Verdict.DIFFERS, detail, right=document.date.value)]
        match standing.value:
            case StandingValue.OVERTAKEN:
                after = standing.successors[0].citation if standing.successors else None
                if context.says_overtaken and any(m in context.cited_ids(self) for m in successors):
                    return [Check(What.STANDING, Verdict.OK, standing.sentence, document_ids=successors)]
                detail = {k: f"{standing.sentence[k]}{' → ' + after[k] if after else ''}" for k in standing.sentence}
                right = standing.successors[0].document_id if standing.successors else None
                return [Check(What.STANDING, Verdict.DIFFERS, detail, right=right, document_ids=successors)]
            case StandingValue.UNKNOWN:
                return [Check(What.STANDING, Verdict.NOT_CHECKABLE, standing.sentence)]
            case _:
                return [Check(What.STANDING, Verdict.OK, standing.sentence, document_ids=successors)]

    def identity_of(self, cited: Cited) -> str | None:
        """The document of a citation that identifies itself."""
        return self._identity(self._identified(cited)) if cited.references and not cited.is_short else None


class _Maker(Protocol):
    def __call__(self, verdict: Verdict, detail: Text, **more: object) -> Check: ...


@dataclass(frozen=True)
class _Context:
    """What the draft's own sentence says around a citation."""

    track: Track | None
    states: frozenset[str]
    by_analogy: bool
    says_overtaken: bool
    beside: tuple[Cited, ...]

    @classmethod
    def of(cls, draft: Draft, cited: Cited, rules: CheckRules) -> "_Context":
        place = draft.place_in_text(cited)
        start, end = draft.sentence(place)
        # a sentence without end is no sentence, and every citation in it would read it again
        start, end = max(start, place - _SENTENCE_REACH), min(end, place + _SENTENCE_REACH)
        beside = tuple(c for c in draft.cited if c is not cited and start <= draft.place_in_text(c) < end)
        own = _without_citations(draft, start, end)
        if cited.note:
            first, last = draft.sentence(cited.start)
            own += " " + _without_citations(draft, max(first, draft.notes[cited.note][0]), min(last, draft.notes[cited.note][1]))
        tracks = [track for track, words in rules.tracks.items() if words.found_in(own)]
        states = frozenset(code for code, words in rules.countries.items() if words.found_in(own))
        return cls(
            track=tracks[0] if len(tracks) == 1 else None,
            states=states,
            by_analogy=rules.by_analogy.found_in(own),
            says_overtaken=rules.overtaken.found_in(own),
            beside=beside,
        )

    def cited_ids(self, checker: Checker) -> set[str]:
        return {identity for c in self.beside if (identity := checker.identity_of(c))}


def _without_citations(draft: Draft, start: int, end: int) -> str:
    """The draft's own words: without identifiers, names of cases (`M.S.S./België`), courts and quotations."""
    text = list(draft.text[start:end])
    spans = [
        (c.court.start if c.court and c.court.start < c.start else c.start, max(c.end, c.court.end if c.court else 0)) for c in draft.cited
    ]
    for quote in draft.rules.quotes.quotes(draft.text[start:end]):
        text[quote.start : quote.end] = " " * (quote.end - quote.start)
    for low, high in spans:
        low, high = max(low, start) - start, min(high, end) - start
        if low < high:
            text[low:high] = " " * (high - low)
    # the state in the name of a case is a party, not what the sentence is about: `Mohammadi v. Austria`
    return _PARTY.sub(lambda match: " " * len(match[0]), "".join(text))


def _track(document: Document, context: _Context) -> list[Check]:
    """A verdict on national decisions only: the European courts' general rules are cited in both kinds of case."""
    if context.track is None or document.track is None or document.kind is not Kind.JUDGMENT:
        return []
    words: Mapping[Track, Text] = {
        Track.DUBLIN_TRANSFER: say("een Dublinoverdracht", "a Dublin transfer"),
        Track.STATUS_HOLDER: say("een statushouder", "a status holder"),
    }
    asked, right = words[context.track], words[document.track]
    if context.track is document.track:
        return [Check(What.TRACK, Verdict.OK, say(f"Gaat over {right['nl']}.", f"Is about {right['en']}."), str(context.track))]
    if document.deciding_state in _EUROPEAN:
        detail = say(
            f"Gaat over {right['nl']}; of de regel ook hier geldt, zegt het corpus niet.",
            f"Is about {right['en']}; whether its rule holds here too, the corpus does not say.",
        )
        return [Check(What.TRACK, Verdict.NOT_CHECKABLE, detail, str(context.track))]
    if context.by_analogy:
        detail = say(f"Gaat over {right['nl']}; het stuk vergelijkt.", f"Is about {right['en']}; the draft compares.")
        return [Check(What.TRACK, Verdict.NOT_CHECKABLE, detail, str(context.track))]
    detail = say(f"Gaat over {right['nl']}, niet over {asked['nl']}.", f"Is about {right['en']}, not about {asked['en']}.")
    return [Check(What.TRACK, Verdict.DIFFERS, detail, str(context.track), str(document.track))]


def _country(document: Document, context: _Context) -> list[Check]:
    if document.deciding_state in _EUROPEAN or document.kind is not Kind.JUDGMENT or not document.states:
        return []
    named = context.states - {document.deciding_state or ""} - {"NL"} | (context.states & set(document.states))
    if not named:
        return []
    shown = {language: ", ".join(countries.name(code, language) for code in sorted(named)) for language in ("nl", "en")}
    about = {language: ", ".join(countries.name(code, language) for code in document.states) for language in ("nl", "en")}
    if named & set(document.states):
        return [Check(What.COUNTRY, Verdict.OK, say(f"Gaat over {about['nl']}.", f"Is about {about['en']}."), shown["en"])]
    verdict = Verdict.NOT_CHECKABLE if context.by_analogy else Verdict.DIFFERS
    detail = say(f"Gaat over {about['nl']}, niet over {shown['nl']}.", f"Is about {about['en']}, not about {shown['en']}.")
    return [Check(What.COUNTRY, verdict, detail, shown["en"], about["en"])]


def _in_another_session(reference: Reference, document: Document) -> _Meant | None:
    """`Kamerstukken II 2020/21, 19637, nr. 2785` of a paper of the session 2021/22."""
    if reference.kind is not ReferenceKind.KAMERSTUK:
        return None
    printed, right = _SESSION.search(reference.text), _SESSION.search(document.id)
    if printed is None or right is None or (printed["from"], printed["to"][-2:]) == (right["from"], right["to"][-2:]):
        return None
    detail = say(f"Dit stuk is van het zittingsjaar {right[0]}.", f"This paper is of the session {right[0]}.")
    return _Meant(document, Check(What.EXISTS, Verdict.DIFFERS, detail, printed[0], right[0], document_ids=(document.id,)))


def _name_words(name: str) -> str:
    """A case's name as it is printed in short: on one line, without `e.a.` and what the formation was."""
    plain = re.sub(r"\s+", " ", name).strip()
    return re.sub(r"(?:,? e\.a\.| and Others| \(dec\.\)| \[GC\])+$", "", plain).strip(" ,")


def _as_quoted(check: Check) -> Check:
    """A citation inside a quotation: that it is not held, or no longer stands, tells nothing of the draft."""
    if check.verdict is Verdict.NOT_IN_CORPUS or (
        check.what in (What.STANDING, What.TRACK, What.COUNTRY) and check.verdict is Verdict.DIFFERS
    ):
        words = say("Staat in een citaat. ", "Stands in a quotation. ")
        return replace(check, verdict=Verdict.NOT_CHECKABLE, detail={k: words[k] + check.detail[k] for k in words})
    return check


def _covered(words: Words, starts: Sequence[tuple[int, Passage]], first: int, last: int) -> list[Passage]:
    """The passages in which the words `first` to `last` of a text stand."""
    low, high = words.spans[first][0], words.spans[last - 1][1]
    ends = [*(start for start, _ in starts[1:]), 1 << 60]
    return [p for (start, p), end in zip(starts, ends, strict=True) if start < high and end > low]


def _elsewhere(identity: str) -> Check:
    detail = say(f"Slaat op {identity}; dat staat niet in dit corpus.", f"Refers to {identity}, which is not in this corpus.")
    return Check(What.EXISTS, Verdict.NOT_IN_CORPUS, detail)


def _owners(draft: Draft, quotes: Sequence[Quote]) -> list[int | None]:
    """For each quotation the citation that it belongs to: the one in the note behind it, the one in brackets or behind a comma
    directly behind it, else the last one before it in its paragraph, else the first one behind it in its sentence."""
    return [_owner(draft, quote, quotes) for quote in quotes]


def _owner(draft: Draft, quote: Quote, quotes: Sequence[Quote]) -> int | None:
    text = draft.text
    cited = [(index, c) for index, c in enumerate(draft.cited) if not c.is_legislation and not (quote.start <= c.start < quote.end)]
    mark = re.match(
        r"[”“’‘»«\"'.,;:!?)\] ]{0,6}(?:\[\^(?P<note>[\w-]{1,12})\]|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))", text[quote.end : quote.end + 30]
    )
    if mark:
        note = mark["note"] or "".join(str("⁰¹²³⁴⁵⁶⁷⁸⁹".index(c)) for c in mark["raised"])
        inside = [index for index, c in cited if c.note == note]
        if inside:
            return inside[0]
    note = next((n for n, (start, end) in draft.notes.items() if start <= quote.start < end), None)
    same = [(index, c) for index, c in cited if c.note == note]
    behind = next(((index, c) for index, c in same if c.start >= quote.end), None)
    if behind and not any(quote.end <= q.start < behind[1].start for q in quotes):
        begin = min(
            behind[1].start,
            behind[1].court.start if behind[1].court else behind[1].start,
            behind[1].day.start if behind[1].day else behind[1].start,
        )
        gap = text[quote.end + 1 : max(begin, quote.end + 1)]
        if (
            len(gap) <= 60
            and re.fullmatch(r"[.,;:!?”’\"')\s]{0,4}[(\[]?\s*(?:[\wÀ-ÿ.’-]+,? ){0,6}[(\[‘'\"]?", gap)
            and not re.search(r"[a-z]{2}\. +[A-Z]", gap)
            and "\n\n" not in gap
        ):
            return behind[0]
    start = max((m.end() for m in re.finditer(r"\n[ \t\r]*\n", text[: quote.start])), default=0)
    before = [(index, c) for index, c in same if start <= c.start and c.end <= quote.start and quote.start - c.end <= _QUOTE_REACH]
    if not before and text[: quote.start].rstrip(" \n\t“‘\"'„«»>*").endswith(":"):
        before = [(index, c) for index, c in same if c.end <= quote.start and quote.start - c.end <= _QUOTE_REACH]
    if before:
        return before[-1][0]
    if behind:
        sentence = draft.sentence(quote.end)
        if behind[1].start < max(sentence[1], quote.end + 5) and behind[1].start - quote.end <= _QUOTE_REACH // 2:
            return behind[0]
    return None


# numbers of places ---------------------------------------------------------------------------------------------------------------


def ranges(value: str) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """`88-90, 93` as pairs of first and last number; `4.1` is (4, 1), `12a` is (12, 1097)."""
    found = []
    for piece in re.split(r"\s*(?:,|;|&|\ben\b|\band\b|\bund\b|\bet\b)\s*", value):
        ends = [number for part in re.split(r"\s*(?:-|–|t/m|tot en met|\bto\b|\bbis\b)\s*", piece) if (number := _number(part))]
        if ends:
            found.append((ends[0], ends[-1]))
    return found


def _number(text: str) -> tuple[int, ...]:
    match = re.search(r"\d+(?:\.\d+)*[a-z]?", text)
    if not match:
        return ()
    digits = [int(n) for n in re.findall(r"\d+", match[0])]
    return (*digits, 1000 + ord(match[0][-1])) if match[0][-1].isalpha() else tuple(digits)


def _printed_number(number: tuple[int, ...]) -> str:
    return ".".join(str(n) for n in number if n < 1000 or n > 1200) + "".join(chr(n - 1000) for n in number[1:] if 1097 <= n <= 1122)


def _has(held: set[tuple[int, ...]], number: tuple[int, ...]) -> bool:
    """Whether a number, or one below it, is held: `4` is there where `4.1` is."""
    return number in held or any(other[: len(number)] == number for other in held)


def _holds(low: tuple[int, ...], high: tuple[int, ...], number: tuple[int, ...]) -> bool:
    return (low <= number or number == low[: len(number)]) and (number <= high or number[: len(high)] == high)


def _numbers(passage: Passage) -> list[tuple[int, ...]]:
    if passage.pinpoint is None or passage.pinpoint.kind not in _NUMBERED:
        return []
    return [number for pair in ranges(passage.pinpoint.value) for number in pair]


def _number_of(covered: Sequence[Passage], every: Sequence[Passage]) -> str:
    """The printed number of the first passage covered, else of the last numbered one before it."""
    for passage in covered:
        if _numbers(passage):
            return _shown(passage)
    if covered:
        before = [p for p in every if p.ordinal < covered[0].ordinal and _numbers(p)]
        return _shown(before[-1]) if before else ""
    return ""


def _shown(passage: Passage) -> str:
    assert passage.pinpoint is not None
    words = {PinpointKind.PARAGRAPH: "punt", PinpointKind.CONSIDERATION: "r.o.", PinpointKind.RANDNUMMER: "Rn."}
    return f"{words.get(passage.pinpoint.kind, '')} {passage.pinpoint.value}".strip()


def _in_digest(low: tuple[int, ...], high: tuple[int, ...], digest: Sequence[Passage]) -> bool:
    printed = [pair for p in digest if p.pinpoint and p.pinpoint.kind in _NUMBERED for pair in ranges(p.pinpoint.value)]
    return any(_holds(first, last, low) and _holds(first, last, high) for first, last in printed)


def _not_held_text(texts: _Texts) -> Text:
    if texts.is_held:
        return say("De tekst die hier is, is niet genummerd.", "The text that is held here is not numbered.")
    return say(
        "Hier is alleen onze samenvatting, niet de officiële tekst: daaraan is dit niet te toetsen.",
        "Only our digest is held here, not the official text: this cannot be checked against it.",
    )


def _article(place: Pinpoint, texts: _Texts) -> Check:
    def folded(value: str) -> str:
        return re.sub(r"[\s.]", "", value).casefold()

    printed, asked = place.printed or place.value, folded(place.value)
    held = [folded(p.pinpoint.value) for _, passages in texts.passages for p in passages if p.pinpoint and p.pinpoint.kind is place.kind]
    digest = [folded(p.pinpoint.value) for p in texts.digest if p.pinpoint and p.pinpoint.kind is place.kind]
    for values in (held, digest):
        if any(v == asked or v.startswith(f"{asked}(") or asked.startswith(f"{v}(") for v in values):
            return Check(What.PINPOINT, Verdict.OK, say("Deze plaats bestaat.", "This place exists."), printed)
    if held:
        return Check(
            What.PINPOINT, Verdict.DIFFERS, say("Dit artikel staat niet in de tekst.", "This article is not in the text."), printed
        )
    return Check(What.PINPOINT, Verdict.NOT_CHECKABLE, _not_held_text(texts), printed)


def _page(place: Pinpoint, texts: _Texts) -> Check:
    printed = place.printed or place.value
    pages = [p.page for _, passages in texts.passages for p in passages if p.page is not None]
    labels = {p.printed_page for _, passages in texts.passages for p in passages if p.printed_page}
    asked = ranges(place.value.split(".")[0])
    if not pages or not asked:
        detail = say("Van dit document zijn de bladzijden hier niet bekend.", "The pages of this document are not known here.")
        return Check(What.PINPOINT, Verdict.NOT_CHECKABLE, detail, printed)
    if all(1 <= high[0] <= max(pages) or str(high[0]) in labels for _, high in asked):
        return Check(What.PINPOINT, Verdict.OK, say("Deze bladzijde bestaat.", "This page exists."), printed)
    detail = say(f"Het document heeft {max(pages)} bladzijden.", f"The document has {max(pages)} pages.")
    return Check(What.PINPOINT, Verdict.DIFFERS, detail, printed, f"≤ {max(pages)}")


def _forms(reference: Reference) -> list[str]:
    """The spellings under which the corpus may know a number."""
    forms = [reference.value]
    if own := re.fullmatch(_OWN_FILE, reference.value):
        forms.append(f"file:{own['file']}")
    if reference.kind is ReferenceKind.CASE_NUMBER:
        forms.append(reference.value.split(" ")[0])
        forms.append(f"{reference.value.split(' ')[0]} PPU")
    if reference.kind is ReferenceKind.AKTENZEICHEN and (federal := _FEDERAL.fullmatch(reference.value)):
        forms.append(federal[1])  # only the Federal Administrative Court writes `1 C 18.24`
    return list(dict.fromkeys(forms))


def _one_part_off(right: str, printed: str) -> bool:
    """Whether two days differ in one of day, month and year only, or in day and month changed round."""
    a, b = right.split("-"), printed.split("-")
    if len(a) != 3 or len(b) != 3:
        return False
    return sum(x != y for x, y in zip(a, b, strict=True)) == 1 or (a[0], a[1], a[2]) == (b[0], b[2], b[1])


def _written(date: LegalDate, language: str) -> str:
    from babel.dates import format_date

    patterns = {"day": "d MMMM y", "month": "MMMM y", "year": "y"}
    return str(format_date(date.first_day, patterns[date.precision], locale=language))


def _language(code: str, language: str) -> str:
    return _LANGUAGE_NAMES.get(code, {}).get(language, code)


def _folded(place: str) -> str:
    return re.sub(r"[^\w]", "", place).casefold()


def _summary(checked: Sequence[CheckedCitation]) -> dict[str, int]:
    summary = {"citations": len(checked), "found": sum(c.found for c in checked)}
    for verdict in Verdict:
        summary[str(verdict).replace("-", "_")] = sum(c.verdict is verdict for c in checked)
    summary["checks"] = sum(len(c.checks) for c in checked)
    return summary
