"""The legal tests (toetsingskaders), read from `corpus/frameworks/*.toml`: versions in time, elements, factors, positions, national lines.

One clock chooses the version: the day of registration chooses the law (`kb.law.regimes`), the as-of day the state of the case-law,
the track whether it is a Dublin transfer or a status holder. Inside a version, dated positions say how the same test worked out for a
country or a group at that day. `check` finds what a lawyer's slip in these files would break.
"""

import datetime as dt
import itertools
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, TypeVar

from kb.domain.dates import LegalDate, parse_day
from kb.domain.documents import Track
from kb.domain.identifiers import canonical_document_id
from kb.domain.pinpoints import Pinpoint
from kb.errors import CorpusInvalid, InvalidIdentifier, NotFound
from kb.law.regimes import Regime, RegimeId, Regimes
from kb.law.sentences import NOTHING_YET, items_on, text_on, title_on

LANGUAGES = ("nl", "en")
# fields of a case (interface: a case) that can bear on an element
FACT_KEYS = (
    "registered_on", "decided_on", "nationality", "region", "member_state", "status_there", "vulnerabilities", "housing", "work",
    "children", "health", "remedies_used",
)  # fmt: skip

Text = Mapping[str, str]  # language -> text
Texts = Mapping[str, tuple[str, ...]]  # language -> texts, item by item the same in each language


class Burden(StrEnum):
    APPLICANT = "applicant"
    AUTHORITY = "authority"
    COURT = "court"
    BOTH = "both"


class Side(StrEnum):
    RULE = "rule"  # says what the law is
    SUPPORTS = "supports"  # helps the applicant on this element
    CONTRARY = "contrary"  # goes against the applicant on it


class Verification(StrEnum):
    VERIFIED = "verified"  # seen in a page of the source
    VERIFIED_INDIRECT = "verified-indirect"  # seen only in a page that cites it
    SECONDARY = "secondary"  # known from secondary sources, the text not opened
    UNVERIFIED = "unverified"  # from memory
    INFERENCE = "inference"  # concluded from verified facts


@dataclass(frozen=True, slots=True)
class AuthorityRef:
    """A document that bears on an element. `document_id` is in its canonical spelling (an ECLI in upper case); `pinpoint` stands as
    printed, and only where somebody saw it."""

    document_id: str
    side: Side
    verification: Verification
    pinpoint: str | None = None
    note: Text | None = None

    @property
    def place(self) -> Pinpoint | None:
        return Pinpoint.parse(self.pinpoint) if self.pinpoint else None


@dataclass(frozen=True, slots=True)
class Factor:
    """A kind of fact that courts weighed, with rulings on both sides. It belongs to one element."""

    id: str
    title: Text
    fact_keys: tuple[str, ...]
    authorities: tuple[AuthorityRef, ...]
    note: Text | None = None

    def on(self, side: Side) -> tuple[AuthorityRef, ...]:
        return tuple(ref for ref in self.authorities if ref.side is side)


@dataclass(frozen=True, slots=True)
class Element:
    """One step of a legal test. `supporting` and `contrary` are queries that find evidence on either side; `questions` are to be put to
    the applicant or to the file. `open` says in words what the law has not settled (None: nothing known)."""

    id: str
    title: Text
    burden: Burden
    bears: Text  # who bears the burden, in words
    standard: Text
    rule: Text
    counts: Texts
    does_not_count: Texts
    fact_keys: tuple[str, ...]
    supporting: Texts
    contrary: Texts
    questions: Texts
    authorities: tuple[AuthorityRef, ...]
    sources: tuple[str, ...]
    open: Text | None = None
    open_from: dt.date | None = None  # since when it is open; None: in every version that says so
    factors: tuple[Factor, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.open is not None


@dataclass(frozen=True, slots=True)
class Position:
    """How a test worked out from one day to another, for some states or nationalities (empty: for all).

    A partial date counts from its last day, and ends on its last day.
    """

    id: str
    text: Text
    authorities: tuple[AuthorityRef, ...]
    since: LegalDate | None = None
    until: LegalDate | None = None
    member_states: tuple[str, ...] = ()  # ISO 3166 alpha-2: whose protection is at issue
    nationalities: tuple[str, ...] = ()

    def holds(self, as_of: dt.date, *, member_state: str | None = None, nationality: str | None = None) -> bool:
        """Whether it holds on that day; a state or nationality that is not asked for does not exclude."""
        in_time = (self.since is None or self.since.last_day <= as_of) and (self.until is None or as_of <= self.until.last_day)
        here = member_state is None or not self.member_states or member_state in self.member_states
        theirs = nationality is None or not self.nationalities or nationality in self.nationalities
        return in_time and here and theirs


@dataclass(frozen=True, slots=True)
class Replaced:
    """What took the place of a version and on whose authority; of a version without a last day, for what is registered later."""

    by: str  # id of the version
    because: Text
    authorities: tuple[AuthorityRef, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A legal test as it stood from `valid_from` to `valid_until`, both included (None: open), in one track and under one law
    (`regime` None: under every law of the track)."""

    id: str
    title: Text
    summary: Text
    track: Track
    regime: RegimeId | None
    valid_from: dt.date | None
    valid_until: dt.date | None
    elements: tuple[Element, ...]
    positions: tuple[Position, ...] = ()
    replaced: Replaced | None = None
    open: Text | None = None

    def holds(self, as_of: dt.date) -> bool:
        return (self.valid_from is None or self.valid_from <= as_of) and (self.valid_until is None or as_of <= self.valid_until)

    def element(self, element_id: str) -> Element:
        """Raises: NotFound."""
        return _one(self.elements, element_id, f"element of version {self.id}")

    def positions_at(self, as_of: dt.date, *, member_state: str | None = None, nationality: str | None = None) -> tuple[Position, ...]:
        """The dated positions that hold on that day, in the order of the file."""
        return tuple(p for p in self.positions if p.holds(as_of, member_state=member_state, nationality=nationality))

    def known_on(self, as_of: dt.date, dates: Mapping[str, LegalDate | None]) -> "Version":
        """The version as it could be written on that day: without authorities that are later, without sentences and items that name
        a later day, without questions that were not yet open, and without its replacement while it governs. What has no date stays; a
        partial date stays when it may lie before.

        Args:
            dates: document id -> its date (None or absent: unknown).
        """

        def known(refs: tuple[AuthorityRef, ...]) -> tuple[AuthorityRef, ...]:
            days = ((ref, dates.get(ref.document_id)) for ref in refs)
            return tuple(ref for ref, date in days if date is None or date.first_day <= as_of)

        elements = tuple(
            replace(
                element,
                rule=text_on(element.rule, as_of) or NOTHING_YET,
                standard=text_on(element.standard, as_of) or NOTHING_YET,
                counts=items_on(element.counts, as_of),
                does_not_count=items_on(element.does_not_count, as_of),
                authorities=known(element.authorities),
                factors=tuple(
                    replace(factor, authorities=known(factor.authorities), note=factor.note and text_on(factor.note, as_of))
                    for factor in element.factors
                ),
                open=element.open and (None if element.open_from and as_of < element.open_from else text_on(element.open, as_of)),
            )
            for element in self.elements
        )
        positions = tuple(
            replace(position, authorities=known(position.authorities), text=text_on(position.text, as_of) or position.text)
            for position in self.positions
        )
        gone = self.valid_until is not None and as_of > self.valid_until
        return replace(
            self,
            title=title_on(self.title, as_of),
            summary=text_on(self.summary, as_of) or NOTHING_YET,
            open=self.open and text_on(self.open, as_of),
            elements=elements,
            positions=positions,
            replaced=self.replaced if gone else None,
        )


@dataclass(frozen=True, slots=True)
class NationalLine:
    """How the courts of one state apply the test, in time. Elsewhere it persuades at most; `own_test` says that it is not even the
    same test (Switzerland)."""

    country: str  # ISO 3166 alpha-2
    title: Text
    note: Text
    positions: tuple[Position, ...]
    own_test: bool = False

    def positions_at(self, as_of: dt.date) -> tuple[Position, ...]:
        return tuple(p for p in self.positions if p.holds(as_of))


@dataclass(frozen=True, slots=True)
class Framework:
    id: str
    title: Text
    summary: Text
    default_track: Track
    versions: tuple[Version, ...]
    lines: tuple[NationalLine, ...] = ()
    sources: tuple[str, ...] = ()
    not_legal_advice: Text = field(default_factory=dict)

    def version(self, version_id: str) -> Version:
        """Raises: NotFound."""
        return _one(self.versions, version_id, f"version of {self.id}")

    def line(self, country: str) -> NationalLine | None:
        return next((line for line in self.lines if line.country == country), None)


@dataclass(frozen=True, slots=True)
class Frameworks:
    """Every legal test of the corpus, with the clock that chooses between their versions."""

    frameworks: tuple[Framework, ...]
    regimes: Regimes

    @classmethod
    def load(cls, directory: Path, regimes: Regimes | None = None) -> Self:
        """Reads `directory/*.toml`, and `regimes.toml` beside the directory unless it is given.

        Raises: CorpusInvalid, naming file, entry and fault, for what cannot be read at all: an unknown or missing key, a word outside a
        vocabulary, an impossible date, a text without its Dutch or English. What reads well but is wrong is found by `check`.
        """
        if regimes is None:
            regimes = Regimes.load(directory.parent / "regimes.toml")
        frameworks = tuple(_read(path) for path in sorted(directory.glob("*.toml")))
        if not frameworks:
            raise CorpusInvalid(f"no frameworks in {directory.name}/: expected files such as indirect-refoulement.toml")
        return cls(frameworks, regimes)

    def framework(self, framework_id: str) -> Framework:
        """Raises: NotFound, naming the frameworks there are."""
        known = ", ".join(framework.id for framework in self.frameworks)
        return _one(self.frameworks, framework_id, "framework", hint=f"; there are {known}")

    def regime(self, framework_id: str, as_of: dt.date, registered_on: LegalDate | None, track: Track | None) -> Regime:
        return self.regimes.regime(registered_on, track or self.framework(framework_id).default_track, as_of)

    def versions_at(
        self, framework_id: str, as_of: dt.date, registered_on: LegalDate | None = None, track: Track | None = None
    ) -> tuple[Version, ...]:
        """Every version that may govern: one where the law is known, more where the registration date leaves two laws possible (the
        earlier law first). Without a track, the framework's own.

        Raises: NotFound for an unknown framework, or a track or day that it has no version for.
        """
        framework = self.framework(framework_id)
        track = track or framework.default_track
        regime = self.regimes.regime(registered_on, track, as_of)
        possible = (regime.id,) if regime.is_known else regime.candidates
        there = [version for version in framework.versions if version.track is track and version.holds(as_of)]
        # a registration after the as-of day is a mistake in the file: then the day alone decides, and the regime's sentence says so
        chosen = [version for law in possible for version in there if version.regime in (law, None)] or there
        if not chosen:
            raise NotFound(f"{framework_id} has no version for {track} on {as_of}: it serves {_served(framework)}")
        return tuple({version.id: version for version in chosen}.values())

    def version_at(self, framework_id: str, as_of: dt.date, registered_on: LegalDate | None = None, track: Track | None = None) -> Version:
        """The version that governs. Where two laws remain possible, that of the earlier law: `regime` and `versions_at` tell that the
        choice is open, and whoever shows the version must say so.

        Raises: NotFound, as `versions_at`.
        """
        return self.versions_at(framework_id, as_of, registered_on, track)[0]


_Identified = TypeVar("_Identified", Element, Version, Framework)


def _served(framework: Framework) -> str:
    spans = (f"{v.track} from {v.valid_from or 'the beginning'} to {v.valid_until or 'now'}" for v in framework.versions)
    return "; ".join(spans)


def _one(items: Iterable[_Identified], wanted: str, what: str, hint: str = "") -> _Identified:
    for item in items:
        if item.id == wanted:
            return item
    raise NotFound(f"no {what} {wanted!r}{hint}")


# --- reading ---------------------------------------------------------------------------------------------------------------------------


def _read(path: Path) -> Framework:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        framework = _framework(data)
        if framework.id != path.stem:
            raise ValueError(f"id {framework.id!r} differs from the file's name")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, InvalidIdentifier, KeyError, TypeError, ValueError) as error:
        what = f"missing key {error}" if isinstance(error, KeyError) else str(error)
        raise CorpusInvalid(f"{path.name}: {what}") from error
    return framework


def _framework(data: Mapping[str, Any]) -> Framework:
    entry = _Entry(data, "file")
    versions = [_Entry(item, f"version {item.get('id')!r}") for item in entry.take("version")]
    elements = [_Entry(item, f"element {item.get('id')!r} of {item.get('versions')}") for item in entry.take("element")]
    factors = [_Entry(item, f"factor {item.get('id')!r}") for item in entry.take("factor", [])]
    lines = [_Entry(item, f"line {item.get('country')!r}") for item in entry.take("line", [])]
    parsed_factors = [(_strings(f.take("versions")), str(f.take("element")), _factor(f)) for f in factors]
    parsed_elements = [(_strings(e.take("versions")), _element(e)) for e in elements]
    known = {str(item.get("id")) for item in data["version"]}
    for names, thing in [*((n, e.id) for n, e in parsed_elements), *((n, f.id) for n, _, f in parsed_factors)]:
        if stray := set(names) - known:
            raise ValueError(f"{thing!r} names versions that are not there: {sorted(stray)}")
    for names, element_id, factor in parsed_factors:
        for name in names:
            if not any(name in each and element.id == element_id for each, element in parsed_elements):
                raise ValueError(f"factor {factor.id!r}: version {name!r} has no element {element_id!r}")

    def elements_of(version_id: str) -> tuple[Element, ...]:
        return tuple(
            _with_factors(element, [f for in_versions, of, f in parsed_factors if of == element.id and version_id in in_versions])
            for names, element in parsed_elements
            if version_id in names
        )

    framework = Framework(
        id=str(entry.take("id")),
        title=_both(entry.take("title"), "title"),
        summary=_both(entry.take("summary"), "summary"),
        default_track=Track(entry.take("default_track")),
        versions=tuple(_version(item, elements_of) for item in versions),
        lines=tuple(_line(item) for item in lines),
        sources=_strings(entry.take("sources")),
        not_legal_advice=_both(entry.take("not_legal_advice"), "not_legal_advice"),
    )
    entry.done()
    return framework


def _version(entry: "_Entry", elements_of: Callable[[str], tuple[Element, ...]]) -> Version:
    version_id = str(entry.take("id"))
    regime = entry.take("regime", None)
    replaced = entry.take("replaced", None)
    version = Version(
        id=version_id,
        title=_both(entry.take("title"), entry.name),
        summary=_both(entry.take("summary"), entry.name),
        track=Track(entry.take("track")),
        regime=RegimeId(regime) if regime is not None else None,
        valid_from=_day(entry.take("valid_from", None)),
        valid_until=_day(entry.take("valid_until", None)),
        elements=elements_of(version_id),
        positions=tuple(_position(_Entry(item, f"position {item.get('id')!r}")) for item in entry.take("position", [])),
        replaced=_replaced(_Entry(replaced, f"{entry.name}, replaced")) if replaced is not None else None,
        open=_optional(entry.take("open", None), entry.name),
    )
    entry.done()
    return version


def _replaced(entry: "_Entry") -> Replaced:
    replaced = Replaced(str(entry.take("by")), _both(entry.take("because"), entry.name), _authorities(entry))
    entry.done()
    return replaced


def _position(entry: "_Entry") -> Position:
    position = Position(
        id=str(entry.take("id")),
        text=_both(entry.take("text"), entry.name),
        authorities=_authorities(entry),
        since=_date(entry.take("from", None)),
        until=_date(entry.take("until", None)),
        member_states=_strings(entry.take("member_states", [])),
        nationalities=_strings(entry.take("nationalities", [])),
    )
    entry.done()
    return position


def _line(entry: "_Entry") -> NationalLine:
    line = NationalLine(
        country=str(entry.take("country")),
        title=_both(entry.take("title"), entry.name),
        note=_both(entry.take("note"), entry.name),
        positions=tuple(_position(_Entry(item, f"position {item.get('id')!r}")) for item in entry.take("position")),
        own_test=bool(entry.take("own_test", False)),
    )
    entry.done()
    return line


def _element(entry: "_Entry") -> Element:
    element = Element(
        id=str(entry.take("id")),
        title=_both(entry.take("title"), entry.name),
        burden=Burden(entry.take("burden")),
        bears=_both(entry.take("bears"), entry.name),
        standard=_both(entry.take("standard"), entry.name),
        rule=_both(entry.take("rule"), entry.name),
        counts=_lists(entry.take("counts"), entry.name),
        does_not_count=_lists(entry.take("does_not_count"), entry.name),
        fact_keys=_facts(entry.take("fact_keys"), entry.name),
        supporting=_lists(entry.take("supporting"), entry.name),
        contrary=_lists(entry.take("contrary"), entry.name),
        questions=_lists(entry.take("questions"), entry.name),
        authorities=_authorities(entry),
        sources=_strings(entry.take("sources")),
        open=_optional(entry.take("open", None), entry.name),
        open_from=_day(entry.take("open_from", None)),
    )
    entry.done()
    return element


def _factor(entry: "_Entry") -> Factor:
    factor = Factor(
        id=str(entry.take("id")),
        title=_both(entry.take("title"), entry.name),
        fact_keys=_facts(entry.take("fact_keys"), entry.name),
        authorities=_authorities(entry),
        note=_optional(entry.take("note", None), entry.name),
    )
    entry.done()
    return factor


def _with_factors(element: Element, factors: Sequence[Factor]) -> Element:
    return replace(element, factors=tuple(factors))


def _authorities(entry: "_Entry") -> tuple[AuthorityRef, ...]:
    return tuple(_authority(_Entry(item, f"{entry.name}, authority {item.get('id')!r}")) for item in entry.take("authorities"))


def _authority(entry: "_Entry") -> AuthorityRef:
    pinpoint = entry.take("pinpoint", None)
    ref = AuthorityRef(
        document_id=canonical_document_id(str(entry.take("id"))),
        side=Side(entry.take("side")),
        verification=Verification(entry.take("verification")),
        pinpoint=str(pinpoint) if pinpoint is not None else None,
        note=_optional(entry.take("note", None), entry.name),
    )
    entry.done()
    return ref


_MISSING = object()


class _Entry:
    """One table of a file; what is not taken from it is an unknown key."""

    def __init__(self, data: Mapping[str, Any], name: str) -> None:
        self.name = name
        self._left = dict(data)

    def take(self, key: str, default: object = _MISSING) -> Any:
        if key not in self._left and default is _MISSING:
            raise ValueError(f"{self.name}: missing key {key!r}")
        return self._left.pop(key, default)

    def done(self) -> None:
        if self._left:
            raise ValueError(f"{self.name}: unknown keys {sorted(self._left)}")


def _both(texts: Mapping[str, str], name: str) -> Text:
    if set(texts) != set(LANGUAGES) or not all(isinstance(t, str) and t.strip() for t in texts.values()):
        raise ValueError(f"{name}: needs a Dutch (nl) and an English (en) text, found {sorted(texts)}")
    return {language: " ".join(texts[language].split()) for language in LANGUAGES}


def _optional(texts: Mapping[str, str] | None, name: str) -> Text | None:
    return _both(texts, name) if texts is not None else None


def _lists(texts: Mapping[str, Sequence[str]], name: str) -> Texts:
    if set(texts) != set(LANGUAGES) or any(isinstance(items, str) for items in texts.values()):
        raise ValueError(f"{name}: needs Dutch (nl) and English (en) lists, found {sorted(texts)}")
    if not all(isinstance(item, str) and item.strip() for items in texts.values() for item in items):
        raise ValueError(f"{name}: an empty text in a list")
    return {language: tuple(texts[language]) for language in LANGUAGES}


def _facts(keys: Sequence[str], name: str) -> tuple[str, ...]:
    if stray := set(keys) - set(FACT_KEYS):
        raise ValueError(f"{name}: {sorted(stray)} are no fields of a case; known are {', '.join(FACT_KEYS)}")
    return tuple(keys)


def _strings(items: Sequence[str]) -> tuple[str, ...]:
    if isinstance(items, str) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"expected a list of texts, found {items!r}")
    return tuple(items)


def _day(text: str | None) -> dt.date | None:
    return parse_day(text).first_day if text is not None else None


def _date(text: str | None) -> LegalDate | None:
    return LegalDate.parse(text) if text is not None else None


# --- checking --------------------------------------------------------------------------------------------------------------------------


def check(frameworks: Frameworks, known_document_ids: Collection[str]) -> list[str]:
    """What is wrong in files that read well, one sentence a fault; empty when nothing is found.

    Args:
        known_document_ids: of the catalogue and the guides, in canonical spelling.

    Every authority and source is catalogued; pinpoints name a place and are not from memory; versions of one track and law follow each
    other without gap or overlap and name their successor; each element has a rule's authority or says that it is open, has queries on both
    sides and a question; lists are as long in Dutch as in English; ids are unique.
    """
    return [f"{f.id}: {fault}" for f in frameworks.frameworks for fault in _faults(f, known_document_ids)]


def _faults(framework: Framework, known: Collection[str]) -> list[str]:
    faults = [f"source {source!r} is not catalogued" for source in framework.sources if source not in known]
    faults += _repeated("version", [version.id for version in framework.versions])
    faults += _repeated("line", [line.country for line in framework.lines])
    faults += _gaps(framework)
    for where, ref in _refs(framework):
        faults += [f"{where}: {fault}" for fault in _ref_faults(ref, known)]
    for version in framework.versions:
        faults += _repeated(f"element of {version.id}", [element.id for element in version.elements])
        faults += _repeated(f"position of {version.id}", [position.id for position in version.positions])
        if not version.elements:
            faults.append(f"version {version.id} has no elements")
        for element in version.elements:
            faults += [f"{version.id}/{element.id}: {fault}" for fault in _element_faults(element, known)]
    for position in _positions(framework):
        if position.since and position.until and position.since.first_day > position.until.last_day:
            faults.append(f"position {position.id} ends before it begins")
    return list(dict.fromkeys(faults))


def _refs(framework: Framework) -> Iterable[tuple[str, AuthorityRef]]:
    for version in framework.versions:
        for element in version.elements:
            yield from ((f"{version.id}/{element.id}", ref) for ref in element.authorities)
            for factor in element.factors:
                yield from ((f"{version.id}/{element.id}/{factor.id}", ref) for ref in factor.authorities)
        if version.replaced is not None:
            yield from ((f"{version.id}/replaced", ref) for ref in version.replaced.authorities)
    for position in _positions(framework):
        yield from ((f"position {position.id}", ref) for ref in position.authorities)


def _positions(framework: Framework) -> Iterable[Position]:
    for version in framework.versions:
        yield from version.positions
    for line in framework.lines:
        yield from line.positions


def _ref_faults(ref: AuthorityRef, known: Collection[str]) -> Iterable[str]:
    if ref.document_id not in known:
        yield f"{ref.document_id} is not catalogued"
    if ref.pinpoint is not None and ref.place is None:
        yield f"pinpoint {ref.pinpoint!r} of {ref.document_id} names no place"
    if ref.pinpoint is not None and ref.verification in (Verification.UNVERIFIED, Verification.INFERENCE):
        yield f"pinpoint {ref.pinpoint!r} of {ref.document_id} was seen by nobody ({ref.verification})"


def _element_faults(element: Element, known: Collection[str]) -> Iterable[str]:
    yield from (f"source {source!r} is not catalogued" for source in element.sources if source not in known)
    if not element.sources:
        yield "no source"
    if not element.is_open and not any(ref.side is Side.RULE for ref in element.authorities):
        yield "neither an authority for the rule nor said to be open"
    for name in ("counts", "does_not_count", "supporting", "contrary", "questions"):
        texts: Texts = getattr(element, name)
        if len(texts["nl"]) != len(texts["en"]):
            yield f"{name}: {len(texts['nl'])} in Dutch, {len(texts['en'])} in English"
        if name not in ("counts", "does_not_count") and not texts["nl"]:
            yield f"no {name}"
    yield from _repeated("factor", [factor.id for factor in element.factors])


def _gaps(framework: Framework) -> Iterable[str]:
    def group(version: Version) -> tuple[str, str]:
        return version.track, version.regime or ""

    for (track, regime), items in itertools.groupby(sorted(framework.versions, key=group), key=group):
        of = f"{track} {regime}".strip()
        versions = sorted(items, key=lambda version: version.valid_from or dt.date.min)
        for version in versions:
            if version.valid_from and version.valid_until and version.valid_from > version.valid_until:
                yield f"version {version.id} ends before it begins"
        for earlier, later in itertools.pairwise(versions):
            if earlier.valid_until is None or later.valid_from is None or later.valid_from != earlier.valid_until + dt.timedelta(days=1):
                yield f"versions {earlier.id} and {later.id} of {of} leave a gap or overlap"
            if earlier.replaced is None or earlier.replaced.by != later.id:
                yield f"version {earlier.id} does not say that {later.id} replaced it"
        if versions[-1].valid_until is not None:
            yield f"version {versions[-1].id} ends, and nothing of {of} follows"
    names = {version.id for version in framework.versions}
    yield from (
        f"version {v.id} is replaced by {v.replaced.by!r}, which is not there"
        for v in framework.versions
        if v.replaced is not None and v.replaced.by not in names
    )


def _repeated(what: str, ids: Sequence[str]) -> list[str]:
    return [f"{what} {each!r} stands there twice" for each in dict.fromkeys(ids) if ids.count(each) > 1]
