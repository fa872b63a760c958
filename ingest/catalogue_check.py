"""The catalogue against the official texts: every date, court, docket and pinpoint that we wrote, beside what the text has.

Nothing is corrected here. What differs is listed with both values, for a person to look at the source; what the text adds and what it
confirms is listed too, because `unverified` in a digest may then become `verified`, with the text as its source.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ingest.corpus import load_corpus, safe_file_name
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Expression, Passage, TextStatus
from kb.domain.pinpoints import Pinpoint, PinpointKind, slug_places
from kb.store.library import REPLACED, Library, alias_key, final_id

Field = Literal["identifier", "date", "court", "docket", "pinpoint", "treatment"]
FIELDS: tuple[Field, ...] = ("identifier", "date", "court", "docket", "pinpoint", "treatment")
# the words for a numbered paragraph differ from court to court; the number is what can be wrong
_PARAGRAPHS = frozenset({PinpointKind.PARAGRAPH, PinpointKind.CONSIDERATION, PinpointKind.RANDNUMMER})
_PAGES = frozenset({PinpointKind.PAGE, PinpointKind.PAGE_SECTION})
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of ours and what the official text has in its place. `file` is where ours stands, `place` which of its entries;
    `text` is the stored text that was looked at."""

    document_id: str
    field: Field
    ours: str
    theirs: str
    file: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A pinpoint of a digest that is not marked `verified`, and that the official text has. That it holds what our digest says of it
    is for a person to read."""

    document_id: str
    ref: str
    status: str
    passage_id: str
    file: str


@dataclass(frozen=True, slots=True)
class Report:
    """`compared`: catalogued documents with an official text; `agree` and `not_comparable`: how many values of each field;
    `additions`: what the text states and the catalogue leaves open; `unread`: catalogued, but only our digest is held."""

    compared: int
    unread: int
    agree: dict[str, int]
    not_comparable: dict[str, int]
    differences: list[Difference]
    additions: list[Difference]
    confirmed: list[Confirmed]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class _Found:
    agree: Counter[str] = field(default_factory=Counter)
    not_comparable: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    additions: list[Difference] = field(default_factory=list)
    confirmed: list[Confirmed] = field(default_factory=list)


def check_catalogue(corpus_dir: Path, library: Library) -> Report:
    """Every catalogued document of which the library holds the publisher's own text. Raises: CorpusInvalid."""
    content = load_corpus(corpus_dir)
    found = _Found()
    texts: dict[str, _Text] = {}
    unread = 0
    replaced = library.metas(REPLACED)
    for document, _, digests in content.documents:
        if (now := final_id(replaced, document.id)) != document.id:
            found.differences.append(Difference(document.id, "identifier", document.id, now, "catalogue", "id", now))
        if (official := _official(library, now)) is None:
            unread += 1
            continue
        text = texts[document.id] = _Text(official, library.passages(official.key))
        stated = library.stated(official.key)
        if stated is not None:
            _compare_metadata(document, stated, text, found)
        _compare_digest(document, digests, text, found)
    for edge in content.treatments:
        if edge.pinpoint and (by := texts.get(edge.by)):
            place = f"treatment of {edge.of}"
            _compare_place(by, Pinpoint.parse(edge.pinpoint), edge.pinpoint, ("treatment", edge.by, "catalogue", place), found)
    return Report(
        compared=len(texts),
        unread=unread,
        agree={name: found.agree[name] for name in FIELDS},
        not_comparable={name: found.not_comparable[name] for name in FIELDS},
        differences=found.differences,
        additions=found.additions,
        confirmed=found.confirmed,
    )


def _official(library: Library, document_id: str) -> Expression | None:
    """The publisher's text, in the language of the document before another."""
    held = [
        e
        for e in library.expressions(document_id, with_text=False)
        if e.current and e.trust == "official" and e.text_status is TextStatus.VERBATIM
    ]
    return min(held, key=lambda e: (e.form != "official", e.form), default=None)


# metadata ---------------------------------------------------------------------------------------------------------------------


def _compare_metadata(ours: Document, stated: Document, text: "_Text", found: _Found) -> None:
    def differs(name: Field, mine: str, theirs: str) -> Difference:
        return Difference(ours.id, name, mine, theirs, "catalogue", name, text.key)

    own = stated.extra.get("stated_id", ours.id)
    if own == ours.id or own in ours.aliases:
        found.agree["identifier"] += 1
    elif ours.id.startswith("ECLI:"):
        found.differences.append(differs("identifier", ours.id, own))
    else:
        found.additions.append(differs("identifier", ours.id, own))
    match _dates(ours.date, stated.date):
        case "agree":
            found.agree["date"] += 1
        case "differ":
            found.differences.append(differs("date", str(ours.date), str(stated.date)))
        case "adds":
            found.additions.append(differs("date", str(ours.date or "–"), str(stated.date)))
        case _:
            found.not_comparable["date"] += 1
    if stated.court_key is None or ours.court_key is None:
        found.not_comparable["court"] += 1
    elif stated.court_key == ours.court_key:
        found.agree["court"] += 1
    else:
        found.differences.append(differs("court", f"{ours.court} ({ours.court_key})", f"{stated.court} ({stated.court_key})"))
    mine, theirs = _dockets(ours.case_numbers), _dockets(stated.case_numbers)
    if not theirs:
        found.not_comparable["docket"] += len(mine)
        return
    found.agree["docket"] += len(mine.keys() & theirs.keys())
    printed = ", ".join(stated.case_numbers)
    found.differences += [differs("docket", mine[key], printed) for key in mine.keys() - theirs.keys()]
    if missing := [theirs[key] for key in theirs if key not in mine]:
        found.additions.append(differs("docket", ", ".join(ours.case_numbers) or "–", ", ".join(missing)))


def _dates(ours: LegalDate | None, theirs: LegalDate | None) -> Literal["agree", "differ", "adds", "silent"]:
    if theirs is None:
        return "silent"
    if ours is None:
        return "adds"
    if ours.last < theirs.first or theirs.last < ours.first:
        return "differ"
    return "adds" if len(theirs.value) > len(ours.value) else "agree"


def _dockets(numbers: Iterable[str]) -> dict[str, str]:
    """As compared: without the words before the number, blanks and full stops (`AWB 20/1234`, `Case C-297/17`)."""
    found = {}
    for number in numbers:
        key = re.sub(r"^(?:awb|case|zaak|zaaknummer|application no|no|nr|nos)[\s.]+", "", alias_key(number))
        found[re.sub(r"[\s.]", "", key)] = number
    return found


# pinpoints --------------------------------------------------------------------------------------------------------------------


class _Text:
    """The places of one official text."""

    def __init__(self, expression: Expression, passages: Sequence[Passage]) -> None:
        self.key = expression.key
        self.by_slug = {passage.id.rpartition("#")[2]: passage for passage in passages}
        placed = [passage.pinpoint for passage in passages if passage.pinpoint and passage.pinpoint.is_place]
        self.kinds = {place.kind for place in placed}
        self.numbers = {_bare(place.slug) for place in placed if place.kind in _PARAGRAPHS}
        self.pages = {str(n) for passage in passages for n in (passage.page, passage.printed_page) if n is not None}
        headings = {heading for passage in passages for heading in passage.heading_path}
        self.sections = {Pinpoint(PinpointKind.SECTION, heading, "").slug for heading in headings}

    def has(self, kind: PinpointKind, place: str) -> bool | None:
        """Whether a single place is there; None where this text has no places of its kind to compare with."""
        if kind in _PARAGRAPHS:
            number = _bare(place)
            return any(n == number or n.startswith(f"{number}.") for n in self.numbers) if self.numbers else None
        if kind in _PAGES:
            return _bare(place).partition(".")[0] in self.pages if self.pages else None
        if kind is PinpointKind.SECTION:
            return (place in self.by_slug or place in self.sections) if self.sections else None
        if kind not in self.kinds:
            return None
        whole = place.partition("(")[0]
        return any(slug in (place, whole) or slug.startswith(f"{place}(") for slug in self.by_slug)

    def near(self, kind: PinpointKind, place: str) -> str:
        """What it has instead: the numbers beside it, or the reach of its numbering."""
        if kind in _PAGES:
            return f"pages {', '.join(sorted(self.pages, key=_order)[:1] + sorted(self.pages, key=_order)[-1:])}"
        if kind is PinpointKind.SECTION:
            return "headings " + ", ".join(sorted(self.sections)[:_SHOWN])
        numbers = self.numbers if kind in _PARAGRAPHS else {s.partition("-")[2] for s in self.by_slug if s.startswith(f"{kind}-")}
        ordered = sorted(numbers, key=_order)
        stem = _bare(place).rpartition(".")[0] or _bare(place).partition(".")[0]
        beside = [number for number in ordered if stem and (number == stem or number.startswith(f"{stem}."))]
        return f"{', '.join(beside[:_SHOWN])} (of {ordered[0]} to {ordered[-1]})" if beside else f"{ordered[0]} to {ordered[-1]}"

    def passage(self, kind: PinpointKind, place: str) -> str | None:
        """The id of the passage at a single place."""
        slugs = [place, *(f"{other}-{_bare(place)}" for other in _PARAGRAPHS if kind in _PARAGRAPHS)]
        return next((self.by_slug[slug].id for slug in slugs if slug in self.by_slug), None)


def _bare(slug: str) -> str:
    return slug.partition("-")[2].partition("~")[0]


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", number)) or (0,)


_Place = tuple[Field, str, str, str]  # field, document, file, which entry of it


def _compare_digest(document: Document, digests: Sequence[tuple[Expression, list[Passage]]], text: _Text, found: _Found) -> None:
    if not digests:
        return
    for passage in digests[0][1]:  # both languages have the same places
        place = passage.pinpoint
        if place is None or not place.is_place:
            continue
        at: _Place = ("pinpoint", document.id, f"digests/{safe_file_name(_printed_id(document))}", place.printed)
        there = _compare_place(text, place, place.printed, at, found)
        if there and passage.verification != "verified":
            found.confirmed.append(Confirmed(document.id, place.printed, passage.verification or "", there, at[2]))


def _printed_id(document: Document) -> str:
    return document.extra.get("printed_id", document.id)


def _compare_place(text: _Text, place: Pinpoint | None, printed: str, at: _Place, found: _Found) -> str | None:
    """The id of the passage at the place, where every part of it is there."""
    name, document_id, file, entry = at
    if place is None or not place.is_place:
        found.not_comparable[name] += 1
        return None
    singles = slug_places(place.slug)
    answers = {single: text.has(place.kind, single) for single in singles}
    if None in answers.values():
        found.not_comparable[name] += 1
        return None
    missing = [single for single, there in answers.items() if not there]
    if missing:
        theirs = f"no {', '.join(_bare(m) or m for m in missing[:_SHOWN])}: {text.near(place.kind, missing[0])}"
        found.differences.append(Difference(document_id, name, printed, theirs, file, entry, text.key))
        return None
    found.agree[name] += 1
    return text.passage(place.kind, singles[0])


def lines(report: Report) -> Iterator[str]:
    """The report as a person reads it: differences first, then what the texts add and confirm."""
    counts = ", ".join(f"{report.agree[name]} {name}" for name in FIELDS if report.agree[name])
    yield f"{report.compared} catalogued documents with an official text ({report.unread} without one); agreeing: {counts or 'nothing'}"
    if silent := ", ".join(f"{report.not_comparable[name]} {name}" for name in FIELDS if report.not_comparable[name]):
        yield f"not comparable, because the text states none: {silent}"
    for difference in report.differences:
        yield f"DIFFERS  {difference.document_id}  {difference.field}: ours {difference.ours!r}, the text has {difference.theirs!r}"
        yield f"         in {difference.file}, {difference.place}; compared with {difference.text}"
    for addition in report.additions:
        yield f"adds     {addition.document_id}  {addition.field}: ours {addition.ours!r}, the text states {addition.theirs!r}"
    for item in report.confirmed:
        yield f"exists   {item.document_id}  {item.ref} is marked {item.status} and stands at {item.passage_id}"
    yield f"{len(report.differences)} to correct, {len(report.additions)} to add, {len(report.confirmed)} places to read and mark"
