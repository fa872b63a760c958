"""What each page shows, from domain objects to values that a template only has to place. Document text becomes markup here and
nowhere else, piece by escaped piece."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from markupsafe import Markup, escape

from api import countries
from api.reading import current_texts
from api.requests import SearchRequest
from api.schemas import in_language
from api.web.i18n import Words
from kb.domain.documents import Document, Passage, TextStatus
from kb.domain.identifiers import PassageId
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.domain.query import Query
from kb.domain.results import Group, Hit, SearchResult, Standing

if TYPE_CHECKING:
    from kb.wiring import View

PASSAGES_A_PART = 400
_WHOLE = 1_400  # characters up to which a passage is shown whole in a list of results
_EXCERPT = 900
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)
_FACETS = {
    "kind": "kind",
    "court": "court",
    "member_state": "states",
    "track": "track",
    "language": "language",
    "voice": "voice",
    "text_status": "text_status",
}
_FACETS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A standing in words: never by colour alone."""

    value: str
    label: str
    sentence: str
    track: str | None
    successors: list[Link]


@dataclass(frozen=True, slots=True)
class AuthorityView:
    """A document that a legal test relies on, as pages show it."""

    name: str
    href: str | None  # None: not in this corpus
    side: str
    verification: str
    badge: Badge | None  # only for what does not simply stand
    note: str | None


@dataclass(frozen=True, slots=True)
class Copyable:
    """A citation to copy, in one style; the style of the page's language comes first. `key` is `nl` or `en`."""

    key: str
    style: str
    text: str


@dataclass(frozen=True, slots=True)
class PassageView:
    slug: str
    href: str
    place: str
    language: str
    voice: str
    voice_says: str
    voice_label: str
    status: str
    status_label: str
    body: Markup
    is_cut: bool = False
    headings: list[str] = field(default_factory=list)
    citations: list[Copyable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    companion: bool = False
    id: str = ""  # the id under which a program or an export asks for it


@dataclass(frozen=True, slots=True)
class DocumentView:
    href: str
    title: str
    title_language: str
    facts: list[str]
    standing: Badge
    official: Link | None
    passages: list[PassageView]


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    count: int | None
    chosen: bool
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    name: str
    title: str
    shown: list[Choice]
    hidden: list[Choice]


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    href: str | None


def document_href(
    document_id: str,
    *,
    form: str | None = None,
    version: int | None = None,
    slug: str | None = None,
    place: str | None = None,
    part: int = 1,
    pages: str | None = None,
    lang: str | None = None,
) -> str:
    """The address of a document, of a text of it, of a passage in it. An id is a path; its odd characters are encoded.

    `slug` is an anchor in the page that the address names; `place` is the permanent address of a place, wherever it is held.
    """
    asked = {
        "form": form,
        "version": str(version) if version else None,
        "part": str(part) if part > 1 else None,
        "p": place,
        "pages": pages,
        "lang": lang,
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    anchor = f"#{quote(slug, safe='.,()~-_')}" if slug else ""
    return f"/documents/{quote(document_id, safe='/:.,()-_')}{'?' + query if query else ''}{anchor}"


def in_part(passage: Passage) -> int:
    """The part of a long text that holds the passage, from 1."""
    return passage.ordinal // PASSAGES_A_PART + 1


def safe_url(address: str | None) -> str | None:
    """An address that a link may carry: http or https with a host, nothing else."""
    if not address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.netloc else None


def official_link(document: Document, t: Words) -> Link | None:
    address = safe_url(document.official_url)
    return Link(address, t("doc.official_open", host=urlsplit(address).hostname or "")) if address else None


def title_of(document: Document, language: str) -> tuple[str, str]:
    """The title and the language it is in. The catalogue's own titles are English, those of files in the document's language."""
    if language == "nl" and document.title_nl:
        return document.title_nl, "nl"
    return document.title, "en" if document.catalogued else document.language


def place_of(pinpoint: Pinpoint | None, t: Words, ordinal: int) -> str:
    """A pinpoint in words: as printed where the print says what it counts, else the field's word and the number."""
    if pinpoint is None or pinpoint.kind is PinpointKind.POSITION:
        return t("doc.position", n=ordinal + 1)
    if pinpoint.kind is PinpointKind.HOLDING:
        return t("doc.holding")
    printed = pinpoint.printed.strip()
    if printed and len(printed) <= 60 and (printed[0].isalpha() or printed[0] == "§"):
        return printed
    word = t(f"pin.{pinpoint.kind}") if t.has(f"pin.{pinpoint.kind}") else ""
    return f"{word} {pinpoint.value or printed}".strip() or t("doc.position", n=ordinal + 1)


def marked(text: str, words: frozenset[str]) -> Markup:
    """`text` escaped, with the given words (lower case) in `<mark>`."""
    pieces: list[Markup] = []
    at = 0
    for match in _WORD.finditer(text):
        if match[0].casefold() in words:
            pieces += [escape(text[at : match.start()]), Markup("<mark>"), escape(match[0]), Markup("</mark>")]
            at = match.end()
    return Markup("").join([*pieces, escape(text[at:])])


def readable(passage: Passage) -> str:
    """The words to read: ours with their lines, a publisher's without page furniture and hard line breaks."""
    return passage.text if passage.text_status is TextStatus.DIGEST else passage.display or passage.text


def excerpt(text: str, words: frozenset[str], *, whole: int = _WHOLE) -> tuple[str, bool]:
    """A long text's part around its first matched words, and whether anything was cut."""
    if len(text) <= whole:
        return text, False
    first = next((m.start() for m in _WORD.finditer(text) if m[0].casefold() in words), 0)
    start = max(0, first - 150)
    if start:
        start = text.find(" ", start) + 1
    end = min(len(text), start + min(_EXCERPT, whole))
    if end < len(text):
        end = text.rfind(" ", start, end) if text.rfind(" ", start, end) > start else end
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}", True


def badge(standing: Standing, t: Words, lang: str | None) -> Badge:
    value = str(standing.value)
    track = t("standing.for_track", track=t(f"track.{standing.track}")) if standing.track and value != "good" else None
    successors = [
        Link(document_href(successor.document_id, lang=lang), in_language(successor.citation, t.language))
        for successor in standing.successors
    ]
    return Badge(value, t(f"standing.{value}"), in_language(standing.sentence, t.language), track, successors)


def copyables(citation: Mapping[str, str], t: Words) -> list[Copyable]:
    order = ("nl", "en") if t.language == "nl" else ("en", "nl")
    return [Copyable(style, t(f"cite.{style}"), citation[style]) for style in order if citation.get(style)]


def facts_of(document: Document, t: Words) -> list[str]:
    """The line under a title: court, date, States, track, kind."""
    states = ", ".join(countries.name(code, t.language) for code in document.states)
    track = t(f"track.{document.track}") if document.track else ""
    sitting = f" ({document.sitting})" if document.sitting else ""
    facts = [f"{document.court}{sitting}", t.date(document.date), states, track, t(f"kind.{document.kind}")]
    return [*(fact for fact in facts if fact), *document.case_numbers[:3]]


class Pages:
    """Builds what pages show over one view, for one language."""

    def __init__(self, view: "View", t: Words, lang: str | None) -> None:
        self._view = view
        self._t = t
        self._lang = lang  # only where the reader chose it: then every link keeps it
        self._whole_citations: dict[str, str] = {}
        self._preferred: dict[str, str | None] = {}

    # -- results ---------------------------------------------------------------------------------------------------------------

    def group(self, group: Group) -> DocumentView:
        document, t = group.document, self._t
        title, title_language = title_of(document, t.language)
        return DocumentView(
            href=document_href(document.id, lang=self._lang),
            title=title,
            title_language=title_language,
            facts=facts_of(document, t),
            standing=badge(group.hits[0].standing, t, self._lang),
            official=official_link(document, t),
            passages=[self.hit(hit) for hit in group.hits],
        )

    def hit(self, hit: Hit, *, whole: int = _WHOLE) -> PassageView:
        """A passage as a result; longer than `whole` characters it is cut around its first matched words."""
        passage = hit.passage
        words = frozenset(passage.text[start:end].casefold() for start, end in hit.highlights)
        shown, is_cut = excerpt(readable(passage), words, whole=whole)
        made = self.passage(hit.document, passage, marked(shown, words), hit.citation)
        return replace(made, is_cut=is_cut, companion=hit.companion, id=passage.id)

    def passage(self, document: Document, passage: Passage, body: Markup, citation: Mapping[str, str] | None) -> PassageView:
        t = self._t
        slug = PassageId.parse(passage.id).slug
        # what somebody put in here is not the official text, whatever it says
        status = "file" if document.is_file and passage.text_status is TextStatus.VERBATIM else str(passage.text_status)
        is_page = passage.pinpoint is not None and passage.pinpoint.kind in (
            PinpointKind.PAGE,
            PinpointKind.PAGE_SECTION,
        )  # the place says it already
        notes = [t("doc.page", page=passage.printed_page or passage.page)] if passage.page and not is_page else []
        notes += [t("doc.derived")] if passage.derived else []
        key = f"doc.passage_verification_{passage.verification}"
        notes += [t(key)] if t.has(key) and passage.pinpoint and passage.pinpoint.is_place else []
        return PassageView(
            slug=slug,
            href=document_href(document.id, form=self._form(document, passage), slug=slug, part=in_part(passage), lang=self._lang),
            place=self._place(document, passage),
            language=passage.language,
            voice=str(passage.voice),
            voice_says=t(f"voice_says.{passage.voice}"),
            voice_label=t(f"voice.{passage.voice}"),
            status=status,
            status_label=t(f"status.{status}"),
            body=body,
            headings=list(passage.heading_path),
            citations=copyables(citation, t) if citation else [],
            notes=notes,
        )

    def _place(self, document: Document, passage: Passage) -> str:
        """The place as the citation in the page's language names it: `punt 90`, `r.o. 5.2`, `para 90`."""
        pinpoint = passage.pinpoint
        if pinpoint is not None and pinpoint.is_place:
            whole = self._cited(document)
            named = self._view.citation(document, pinpoint).get(self._t.language, "")
            if named.startswith(f"{whole}, "):
                return named.removeprefix(f"{whole}, ")
        return place_of(pinpoint, self._t, passage.ordinal)

    def _cited(self, document: Document) -> str:
        if document.id not in self._whole_citations:
            self._whole_citations[document.id] = self._view.citation(document, None).get(self._t.language, "")
        return self._whole_citations[document.id]

    def _form(self, document: Document, passage: Passage) -> str | None:
        """The form to name in an address: none where the reader gets that text anyway."""
        return None if self._preferred_form(document) == passage.form else passage.form

    def _preferred_form(self, document: Document) -> str | None:
        if document.id not in self._preferred:
            texts = current_texts(self._view, document, self._t.language)
            self._preferred[document.id] = texts[0].form if texts else None
        return self._preferred[document.id]

    def facets(self, asked: SearchRequest, query: Query) -> list[Facet]:
        """The filters with the passages of the corpus that each value has, within the other filters and the as-of day."""
        from kb.domain.dates import LegalDate

        index = self._view.generation.index
        whole = replace(query.filters, existing_on=LegalDate.of(query.as_of), courts=self._courts(query.filters.courts))
        without = {
            "kind": replace(whole, kinds=()),
            "court": replace(whole, courts=()),
            "member_state": replace(whole, states=()),
            "language": replace(whole, languages=()),
            "voice": replace(whole, voices=()),
            "track": replace(whole, tracks=()),
            "text_status": replace(whole, text_statuses=()),
        }
        found = []
        for name, stored in _FACETS.items():
            counts = index.facet(stored, without[name])
            chosen = self._chosen(name, asked)
            order = sorted({*counts, *chosen}, key=lambda value: (value not in chosen, -counts.get(value, 0), value))
            choices = [self._choice(name, value, counts.get(value, 0), value in chosen) for value in order]
            if len(choices) > 1 or chosen:
                at = max(_FACETS_SHOWN, len(chosen))
                found.append(Facet(name, self._t(f"filter.{name}"), choices[:at], choices[at:]))
        return found

    def _chosen(self, name: str, asked: SearchRequest) -> set[str]:
        if name == "member_state":
            return set(asked.states())
        if name == "court":
            return set(self._courts(tuple(asked.court)))
        return {str(value) for value in getattr(asked, name)}

    def _courts(self, asked: Sequence[str]) -> tuple[str, ...]:
        """Printed names for keys and parts of names, as the search reads them."""
        known = {(document.court_key or "", document.court) for document in self._view.library.documents()} if asked else set()
        return tuple(
            dict.fromkeys(
                name
                for wanted in asked
                for key, name in sorted(known)
                if wanted.casefold() == key.casefold() or wanted.casefold() in name.casefold()
            )
        )

    def _choice(self, name: str, value: str, count: int, chosen: bool) -> Choice:
        return Choice(value, self.label(name, value), count, chosen)

    def label(self, name: str, value: str) -> str:
        """A filter's value in words."""
        t = self._t
        match name:
            case "member_state":
                return countries.name(value, t.language)
            case "language":
                return t.or_self("lang", value)
            case "text_status":
                return t.or_self("status_short", value)
            case "kind" | "voice" | "track":
                return t.or_self(name, value)
            case "court" if not value:
                return t("doc.unknown_court")
            case "without":
                return t("filter.without", document=value)
            case "from" | "until" | "as_of":
                return f"{t(f'filter.{name}')}: {t.date(value)}"
        return value

    def chips(self, asked: SearchRequest, *, shareable: bool) -> list[Chip]:
        """The filters that are set, each with the address without it."""
        pairs = asked_pairs(asked)
        chips = []
        for pair in pairs:
            if pair[0] in (*_FACETS, "without", "from", "until", "as_of"):
                rest = [other for other in pairs if other != pair]
                value = countries.code(pair[1]) if pair[0] == "member_state" else pair[1]
                chips.append(Chip(self.label(pair[0], value), self.search_href(rest) if shareable else None))
        return chips

    def search_href(self, pairs: Iterable[tuple[str, str]]) -> str:
        return "/search?" + urlencode([*pairs, *([("lang", self._lang)] if self._lang else [])])

    def export_hrefs(self, asked: SearchRequest) -> list[tuple[str, str]]:
        """(format, address) of the passages found as a file, for a search that has an address."""
        pairs = [*((name, value) for name, value in asked_pairs(asked) if name != "sort"), ("lang", self._t.language)]
        return [(shape, "/api/v1/search/export?" + urlencode([*pairs, ("format", shape)])) for shape in ("docx", "md", "ris")]

    def languages(self, codes: Iterable[str]) -> str:
        return ", ".join(self._t.or_self("lang", code) for code in codes)

    def searched(self, result: SearchResult) -> str:
        t, searched = self._t, result.searched
        line = t(
            "search.searched",
            documents=t.many("search.documents", searched.documents),
            passages=t.many("search.found", searched.passages),
            languages=self.languages(searched.languages) or "–",
        )
        if searched.earliest and searched.earliest == searched.latest:
            line += t("search.searched_on", date=t.date(searched.earliest))
        elif searched.earliest and searched.latest:
            line += t("search.searched_span", **{"from": t.date(searched.earliest), "until": t.date(searched.latest)})
        return f"{line}."


def new_headings(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """The headings that begin at a passage: those from the first that differs from the passage before."""
    same = 0
    while same < min(len(before), len(now)) and before[same] == now[same]:
        same += 1
    return list(now[same:])


def asked_pairs(asked: SearchRequest, *, offset: int = 0) -> list[tuple[str, str]]:
    """A request as pairs of an address, without what is default."""
    pairs = [("q", asked.q)]
    for name in _FACETS:
        pairs += [(name, str(value)) for value in getattr(asked, name)]
    pairs += [("without", document_id) for document_id in asked.without]
    pairs += [(name, value) for name, value in (("from", asked.from_), ("until", asked.until), ("as_of", asked.as_of)) if value]
    pairs += [("sort", asked.sort)] if asked.sort != "relevance" else []
    return [*pairs, *([("offset", str(offset))] if offset else [])]


def plain_line(text: str, limit: int) -> str:
    """One line for a page's title: no control or direction characters, at most `limit` characters."""
    clean = " ".join("".join(c for c in text if unicodedata.category(c)[0] != "C" or c.isspace()).split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
