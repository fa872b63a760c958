"""The citations of a document as links: what its source marks up and what its text says, each once, with a target or none."""

import re
import urllib.parse
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ingest.parse.model import SourceLink
from kb.domain.documents import CitationLink
from kb.domain.identifiers import Ecli
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.domain.references import Reference, ReferenceFinder, ReferenceKind, default_finder, name_key
from kb.errors import InvalidIdentifier

Resolver = Callable[[str, str], str | None]
"""(kind, value) -> the id of a document in the corpus, or None."""

_ADDRESS_ECLI = re.compile(r"ECLI:[A-Z]{2}:[A-Za-z0-9]{1,7}:\d{4}:[A-Za-z0-9.]{1,25}")
_ADDRESS_CELEX = re.compile(r"(?<![A-Za-z0-9])[36](?:19|20)\d\d[A-Z]{1,2}\d{4}(?![A-Za-z0-9])")
_ADDRESS_POINT = re.compile(r"#?point(\d{1,4})$")
_FEDERAL = re.compile(r"(?:BVerwG )?(\d{1,2} [A-Z]{1,2} \d{1,3}\.\d\d)")
_NEAR = 60  # characters: links of one target this near are one citation
_ACTS = {ReferenceKind.ARTICLE, ReferenceKind.RECITAL, ReferenceKind.ACT}
_DECISIONS = {
    ReferenceKind.ECLI,
    ReferenceKind.CELEX,
    ReferenceKind.CASE_NUMBER,
    ReferenceKind.APPLICATION_NUMBER,
    ReferenceKind.DOCKET,
    ReferenceKind.AKTENZEICHEN,
    ReferenceKind.NEUTRAL_CITATION,
    ReferenceKind.LJN,
    ReferenceKind.UN_DOCUMENT,
    ReferenceKind.NAME,
}


@dataclass(slots=True)
class _Citation:
    """One citation under way: its place, what it may be, and what it turned out to be."""

    start: int
    end: int
    kind: str
    names: list[tuple[str, str]]  # (kind, value) that the resolver is asked for, the surest first
    also: list[tuple[str, str]]  # every (kind, value) printed in it
    pinpoint: Pinpoint | None = None
    pinpoint_end: int = 0
    target: str | None = None
    resolved: bool = False
    is_decision: bool = False
    back: str | None = None  # the value of a back-reference
    named: tuple[str, ...] = ()  # what it is resolved by, again and again; empty for a back-reference that names nothing


class _Passages:
    """Which passage holds a position; a footnote inside another passage wins, for it starts later."""

    def __init__(self, passages: Sequence[tuple[str, int, int]]) -> None:
        self._passages = sorted(passages, key=lambda passage: passage[1])
        self._starts = [start for _, start, _ in self._passages]
        self._reach: list[int] = []  # the furthest end of this passage and those before it
        for _, _, end in self._passages:
            self._reach.append(max(end, self._reach[-1] if self._reach else 0))

    def at(self, position: int) -> str | None:
        index = bisect_right(self._starts, position) - 1
        while index >= 0 and self._reach[index] > position:
            identity, _, end = self._passages[index]
            if position < end:
                return identity
            index -= 1
        return None


def link_citations(
    document_id: str,
    language: str,
    text: str,
    passages: Sequence[tuple[str, int, int]],
    source_links: Sequence[SourceLink],
    resolver: Resolver,
    finder: ReferenceFinder | None = None,
) -> list[CitationLink]:
    """The links of one text, in its order; one for each citation however many identifiers it has.

    What the source marks up decides the target where it and the text disagree. A short form (`voormelde uitspraak`, `het arrest
    Jawo`, `de uitspraak van 28 juli 2021`) gets the target of what it refers back to when only one citation before it can be
    meant; else it keeps its kind and printed value and stays unresolved. Articles that name no act, and dated judgments that
    the text never identifies, lead nowhere and are left out, as are the document's own numbers and what lies in no passage.

    Args:
        passages: (id, start, end) of the text's passages; of two that hold a citation the one that starts later gets it.
        resolver: maps a kind and a normalised value to the id of a document in the corpus.
    """
    finder = finder or default_finder()
    found = [_of_group(group) for group in _groups(finder.find(text, language))]
    citations = _with_source(text, [citation for citation in found if citation], source_links)
    places = _Passages(passages)
    _resolve(document_id, finder, text, places, citations, resolver)
    links = []
    for citation in citations:
        place = places.at(citation.start)
        if place is None or citation.target is None or citation.target == document_id:
            continue
        end = citation.end
        if text.count("(", citation.start, end) > text.count(")", citation.start, end) and text[end : end + 1] == ")":
            end += 1
        links.append(
            CitationLink(
                passage_id=place,
                start_char=citation.start,
                end_char=end,
                text=text[citation.start : end],
                target=citation.target,
                kind=citation.kind,
                pinpoint=citation.pinpoint.slug if citation.pinpoint else None,
                resolved=citation.resolved,
                named=citation.named,
            )
        )
    return links


def _groups(references: Iterable[Reference]) -> list[list[Reference]]:
    groups: dict[int, list[Reference]] = defaultdict(list)
    for reference in references:
        groups[reference.group].append(reference)
    split: list[list[Reference]] = []
    for group in groups.values():
        # a list of dockets may be several decisions; numbers that an ECLI follows are one
        if len(group) > 1 and all(reference.kind is ReferenceKind.DOCKET for reference in group):
            split.extend([reference] for reference in group)
        else:
            split.append(group)
    return split


def _of_group(group: list[Reference]) -> _Citation | None:
    best = min(group, key=lambda r: (r.kind is not ReferenceKind.ECLI, r.document is None))
    if best.kind in (ReferenceKind.ARTICLE, ReferenceKind.RECITAL) and not best.value:
        return None
    if best.kind is ReferenceKind.ECLI:
        # the ECLI alone decides: one case number stands for the judgment, the opinion and the orders in a case
        asked = [_name_of(best)]
    else:
        asked = [_name_of(r) for r in sorted(group, key=lambda r: r is not best)]
        asked += [("ecli" if r.document.startswith("ECLI:") else "document", r.document) for r in group if r.document]
    return _Citation(
        start=group[0].start,
        end=group[-1].end,
        kind=str(best.kind),
        names=asked,
        also=[_name_of(r) for r in group],
        pinpoint=best.pinpoint,
        pinpoint_end=best.pinpoint_span[1] if best.pinpoint_span else 0,
        target=best.document,
        is_decision=best.kind in _DECISIONS,
        back=best.value if best.kind is ReferenceKind.BACK_REFERENCE else None,
    )


def _name_of(reference: Reference) -> tuple[str, str]:
    """By what the resolver is asked: an article leads to its act."""
    return ("act" if reference.kind in _ACTS else str(reference.kind)), reference.value


def _with_source(text: str, found: list[_Citation], links: Sequence[SourceLink]) -> list[_Citation]:
    """The citations found with the targets that the source marks up; marked ones that were not found added."""
    added: list[_Citation] = []
    starts = [citation.start for citation in found]
    last: _Citation | None = None
    for link in sorted(links, key=lambda link: (link.start, link.end)):
        target, kind, place = _address(link)
        if not target or link.end <= link.start:
            continue
        index = bisect_right(starts, link.start) - 1
        over = next((c for c in found[max(0, index) : index + 2] if c.start < link.end and link.start < max(c.end, c.pinpoint_end)), None)
        same = last if last and last.target == target and link.start - max(last.end, last.pinpoint_end) <= _NEAR else None
        citation = over or same
        if citation is None:
            citation = _Citation(
                link.start, link.end, kind, [(kind, target)], [(kind, target)], place, is_decision=kind in ("ecli", "celex")
            )
            added.append(citation)
        elif over is None and place is None and not any(c.isdigit() for c in text[link.start : link.end]):
            continue
        if link.start < citation.end and citation.start < link.end:
            citation.start, citation.end = min(citation.start, link.start), max(citation.end, link.end)
        if (citation.kind, citation.target) != (kind, target) and kind in ("ecli", "celex"):
            citation.names = [(kind, target)]
            citation.kind = kind
        citation.target = target
        if place and not _covers(citation.pinpoint, place):
            value = f"{citation.pinpoint.value}, {place.value}" if citation.pinpoint else place.value
            citation.pinpoint = Pinpoint(place.kind, value, value)
            citation.pinpoint_end = max(citation.pinpoint_end, link.end)
        last = citation
    return sorted([*found, *added], key=lambda citation: (citation.start, citation.end))


def _address(link: SourceLink) -> tuple[str, str, Pinpoint | None]:
    """Target, kind and place of what the source gives: an ECLI or CELEX inside an address counts as itself."""
    address = urllib.parse.unquote(link.target)
    place = link.pinpoint
    point = _ADDRESS_POINT.search(address)
    if place is None and point:
        place = Pinpoint(PinpointKind.PARAGRAPH, point[1], point[1])
    identifier = _ADDRESS_ECLI.search(address)
    if identifier:
        try:
            return Ecli.parse(identifier[0].rstrip(".")).value, "ecli", place
        except InvalidIdentifier:
            return "", "ecli", place
    celex = _ADDRESS_CELEX.search(address)
    if celex:
        return celex[0], "celex", place
    return link.target.strip(), "link", place


def _covers(pinpoint: Pinpoint | None, place: Pinpoint) -> bool:
    """Whether the printed pinpoint already names `place`: `85-98` covers 90."""
    if pinpoint is None:
        return False
    wanted = re.match(r"\d+", place.value)
    for piece in pinpoint.value.split(","):
        numbers = [int(n) for n in re.findall(r"\d+", piece)]
        if piece.strip() == place.value or (wanted and len(numbers) == 2 and "-" in piece and numbers[0] <= int(wanted[0]) <= numbers[1]):
            return True
    return False


def _resolve(
    document_id: str,
    finder: ReferenceFinder,
    text: str,
    places: _Passages,
    citations: list[_Citation],
    resolver: Resolver,
) -> None:
    known: dict[tuple[str, str], set[str]] = defaultdict(set)  # (kind, value) or ("name", key) -> targets, as this text gives them
    days: dict[str, set[str]] = defaultdict(set)
    decided: list[_Citation] = []  # decisions with a target so far
    # first what identifies itself, so that a short form may stand before it in a heading
    for citation in citations:
        if citation.back is not None:
            continue
        _identify(citation, resolver)
        if citation.is_decision and citation.target and citation.kind != ReferenceKind.NAME:
            for name in citation.also:
                known[name].add(citation.target)
            for printed in finder.names_beside(text, citation.start, citation.end):
                known[("name", name_key(printed))].add(citation.target)
            day = finder.day_before(text, citation.start)
            if day:
                days[day].add(citation.target)
    for citation in citations:
        if citation.back is not None:
            _refer_back(finder, text, places, citation, decided, days)
        elif not citation.resolved and citation.kind in (ReferenceKind.NAME, ReferenceKind.CASE_NUMBER, ReferenceKind.APPLICATION_NUMBER):
            keys = [("name", name_key(value)) if kind == "name" else (kind, value) for kind, value in citation.names]
            targets = {target for key in keys for target in known.get(key, ())}
            identified = {target for target in targets if target.startswith("ECLI:")} or targets
            if len(identified) == 1:
                citation.target = identified.pop()
                citation.named = (citation.target,)
                citation.resolved = bool(resolver("ecli", citation.target)) if citation.target.startswith("ECLI:") else False
        if citation.is_decision and citation.target and citation.target != document_id:
            decided.append(citation)


def _identify(citation: _Citation, resolver: Resolver) -> None:
    """The corpus's own id where it has the document; else the identifier as printed, normalised."""
    unresolved = citation.target or citation.names[0][1]
    forms = [form for kind, value in citation.names for form in _forms(kind, value)]
    citation.named = tuple(dict.fromkeys([unresolved, *forms]))
    for kind, value in citation.names:
        for form in _forms(kind, value):
            identity = resolver(kind, form)
            if identity:
                citation.target, citation.resolved = identity, True
                return
    citation.target = unresolved


def _forms(kind: str, value: str) -> list[str]:
    """The spellings under which a catalogue may know a number."""
    forms = [value]
    if kind == ReferenceKind.CASE_NUMBER:
        forms.append(value.split(" ")[0])
    if kind == ReferenceKind.AKTENZEICHEN:
        # only the Federal Administrative Court writes `1 C 18.24`; any other number is unique at its court alone
        federal = _FEDERAL.fullmatch(value)
        forms += [federal[1]] if federal else []
    return list(dict.fromkeys(forms))


def _refer_back(
    finder: ReferenceFinder,
    text: str,
    places: _Passages,
    citation: _Citation,
    decided: Sequence[_Citation],
    days: dict[str, set[str]],
) -> None:
    printed = text[citation.start : citation.end]
    _, _, day = (citation.back or "").partition(":")
    if day:
        targets = days.get(day, set())
        if not targets:
            citation.target = None
            return
        possible = {target for target in targets if finder.can_mean(printed, target)} or targets
    else:
        possible = _nearest(finder, printed, places, citation, decided)
    citation.target = citation.back
    if len(possible) == 1:
        target = next(iter(possible))
        citation.target = target
        meant = [earlier for earlier in decided if earlier.target == target]
        citation.resolved = any(earlier.resolved for earlier in meant)
        citation.named = meant[0].named if meant else (target,)


def _nearest(finder: ReferenceFinder, printed: str, places: _Passages, citation: _Citation, decided: Sequence[_Citation]) -> set[str]:
    """The decisions that a `voormelde uitspraak` can mean: those of its own passage before it, else of the last passage with any."""
    here = places.at(citation.start)
    last_place: str | None = None
    possible: set[str] = set()
    for earlier in reversed(decided):
        if earlier.target is None or not finder.can_mean(printed, earlier.target):
            continue
        place = places.at(earlier.start)
        if possible and place != last_place:
            break
        last_place = place
        possible.add(earlier.target)
        if place != here and len(possible) > 1:
            break
    return possible
