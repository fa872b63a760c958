"""Alerts as Atom (RFC 4287): what is new for a saved search or a legal test, and what later documents did to earlier ones.

An entry keeps its id for ever, so that a reader program shows it once; `updated` is when this corpus got to know of it. A feed's
address holds its question, so only questions without facts of a case belong in one.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from api.requests import FilterFields, SearchRequest, today
from api.schemas import in_language
from kb.domain.documents import Document, Treatment
from kb.domain.results import StandingValue
from kb.errors import NotFound
from kb.export.content import clean
from kb.law.frameworks import Framework
from kb.store.arrivals import Arrivals, treatment_key

if TYPE_CHECKING:
    from kb.wiring import KnowledgeBase, View

MEDIA_TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_XML = "http://www.w3.org/XML/1998/namespace"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/dublin-kb/feeds")
_MOST_DOCUMENTS = 50  # of a search
_MOST_ENTRIES = 100
_SAY: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "search": "Zoekvraag: {q}",
        "framework": "Toetsingskader: {title}",
        "subtitle": "Nieuwe documenten, en wat latere documenten met eerdere deden. Geen juridisch advies.",
        "treated": "{by} over {of}",
        "standing": "Status vandaag",
    },
    "en": {
        "search": "Question: {q}",
        "framework": "Legal test: {title}",
        "subtitle": "New documents, and what later documents did to earlier ones. Not legal advice.",
        "treated": "{by} on {of}",
        "standing": "Standing today",
    },
}


class FeedRequest(SearchRequest):
    """The question and filters of a saved search, as they stand in its address.

    `as_of`, `limit`, `offset`, `group` and `explain` are taken, since they stand in a saved address, and not used: a feed is about today.
    """


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    title: str
    updated: str  # RFC 3339
    published: str | None
    href: str
    text: str
    related: tuple[str, ...] = ()


def search_feed(base: "KnowledgeBase", asked: FeedRequest, language: str, *, root: str, address: str) -> bytes:
    """What is new among the documents that a search finds today. Raises: InvalidQuery, InvalidIdentifier."""
    query = asked.to_query(today(), contradictions=True)
    query = replace(query, as_of=today(), limit=_MOST_DOCUMENTS, offset=0, group_by="document", explain=False)
    view = base.view()
    found = [group.document for group in view.searcher.search(query).groups]
    pairs = [(name, value) for name, value in saved_pairs(asked) if name != "lang"]
    page = f"{root}/search?{urlencode(pairs)}"
    title = _SAY[language]["search"].format(q=asked.q)
    return _feed(view, found, language, title=title, root=root, page=page, address=address, name=f"search?{urlencode(pairs)}")


def framework_feed(base: "KnowledgeBase", framework_id: str, language: str, *, root: str, address: str) -> bytes:
    """What is new among the documents that a legal test names and those that cite them. Raises: NotFound."""
    framework = base.frameworks.framework(framework_id)
    view = base.view()
    named = [document for id_ in sorted(authorities(framework)) if (document := view.library.find_document(id_)) is not None]
    citing = {link.passage_id.partition("#")[0].partition("@")[0] for document in named for link in view.library.citations_to(document.id)}
    ids = {document.id for document in named}
    found = [*named, *(document for id_ in sorted(citing - ids) if (document := view.library.find_document(id_)) is not None)]
    title = _SAY[language]["framework"].format(title=framework.title[language])
    page = f"{root}/frameworks/{quote(framework.id)}"
    return _feed(view, found, language, title=title, root=root, page=page, address=address, name=f"frameworks/{framework.id}")


def authorities(framework: Framework) -> set[str]:
    """The ids of every document that a legal test names, in any of its versions, steps, factors and lines."""
    refs = []
    for version in framework.versions:
        refs += [ref for position in version.positions for ref in position.authorities]
        refs += version.replaced.authorities if version.replaced else ()
        for element in version.elements:
            refs += element.authorities
            refs += [ref for factor in element.factors for ref in factor.authorities]
    refs += [ref for line in framework.lines for position in line.positions for ref in position.authorities]
    return {ref.document_id for ref in refs}


def saved_pairs(asked: FilterFields) -> list[tuple[str, str]]:
    """A search as the pairs of its address, without what a feed does not use, in a fixed order."""
    given = asked.model_dump(by_alias=True, mode="json", exclude_defaults=True)
    unused = {"as_of", "limit", "offset", "group", "explain"}
    return [
        (name, str(value))
        for name, values in sorted(given.items(), key=lambda item: (item[0] != "q", item[0]))
        if name not in unused
        for value in (values if isinstance(values, list) else [values])
    ]


def feed_href(asked: FilterFields, language: str) -> str:
    """The address of the feed of a search that can be shared: for the link by which browsers and reader programs find it."""
    return f"/feeds/search?{urlencode([*(pair for pair in saved_pairs(asked) if pair[0] != 'lang'), ('lang', language)])}"


def _feed(view: "View", found: Sequence[Document], language: str, *, title: str, root: str, page: str, address: str, name: str) -> bytes:
    entries = _entries(view, found, language, root)
    feed = ElementTree.Element(f"{{{_ATOM}}}feed", {f"{{{_XML}}}lang": language})
    _put(feed, "id", _urn(f"feed:{name}:{language}"))
    _put(feed, "title", clean(title))
    _put(feed, "subtitle", _SAY[language]["subtitle"])
    _put(feed, "updated", max((entry.updated for entry in entries), default=_moment(view.generation.manifest.made_at)))
    ElementTree.SubElement(_put(feed, "author"), f"{{{_ATOM}}}name").text = "dublin-kb"
    _link(feed, "self", address, MEDIA_TYPE)
    _link(feed, "alternate", page, "text/html")
    for entry in entries:
        item = _put(feed, "entry")
        _put(item, "id", entry.id)
        _put(item, "title", entry.title)
        _put(item, "updated", entry.updated)
        if entry.published:
            _put(item, "published", entry.published)
        _link(item, "alternate", entry.href, "text/html")
        for related in entry.related:
            _link(item, "related", related, "text/html")
        _put(item, "content", entry.text).set("type", "text")
    ElementTree.register_namespace("", _ATOM)
    return bytes(ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)) + b"\n"


def _entries(view: "View", found: Sequence[Document], language: str, root: str) -> list[Entry]:
    """Newest knowledge first; at the same moment the later document first."""
    arrivals, now = Arrivals.of(view.library), today()
    made: dict[str, tuple[str, Entry]] = {}
    for document in found:
        entry = _of_document(view, document, arrivals, language, root)
        made[entry.id] = (document.date.value if document.date else "", entry)
        for edge in view.standings.treatment_of(document.id, as_of=now):
            told = _of_treatment(view, edge, arrivals, language, root)
            made[told.id] = (edge.date.value if edge.date else "", told)
    ordered = sorted(made.values(), key=lambda item: item[1].id)
    ordered.sort(key=lambda item: (item[1].updated, item[0]), reverse=True)
    return [entry for _, entry in ordered[:_MOST_ENTRIES]]


def _of_document(view: "View", document: Document, arrivals: Arrivals, language: str, root: str) -> Entry:
    title = document.title_nl if language == "nl" and document.title_nl else document.title
    citation = view.citation(document, None)[language]
    standing = view.standing(document.id, today())
    lines = [citation]
    if standing.value is not StandingValue.UNKNOWN:
        lines.append(f"{_SAY[language]['standing']}: {standing.sentence[language]}")
    date = _day(document.date.first_day) if document.date else None
    return Entry(
        id=_urn(f"document:{document.id}"),
        title=clean(f"{title} ({citation})"),
        updated=_moment(arrivals.documents.get(document.id) or date or view.generation.manifest.made_at),
        published=date,
        href=_page(root, document.id),
        text=clean(" ".join(lines)),
        related=tuple(_page(root, successor.document_id) for successor in standing.successors),
    )


def _of_treatment(view: "View", edge: Treatment, arrivals: Arrivals, language: str, root: str) -> Entry:
    of, by = _name(view, edge.of, language), _name(view, edge.by, language)
    since = edge.date or next((d.date for d in _held(view, [edge.by]) if d.date), None)
    date = _day(since.last_day) if since else None
    note = in_language(edge.note, language)
    return Entry(
        id=_urn(f"treatment:{treatment_key(edge)}"),
        title=clean(_SAY[language]["treated"].format(by=by, of=of)),
        updated=_moment(arrivals.treatments.get(treatment_key(edge)) or date or view.generation.manifest.made_at),
        published=date,
        href=_page(root, edge.by),
        text=clean(f"{note or edge.type} {view.standing(edge.of, today()).sentence[language]}"),
        related=(_page(root, edge.of),),
    )


def _held(view: "View", ids: Iterable[str]) -> list[Document]:
    return [document for id_ in ids if (document := view.library.find_document(id_)) is not None]


def _name(view: "View", document_id: str, language: str) -> str:
    try:
        return str(view.citation(view.library.document(document_id), None)[language])
    except NotFound:
        return document_id


def _page(root: str, document_id: str) -> str:
    return f"{root}/documents/{quote(document_id, safe=':,()-_~@')}"


def _urn(name: str) -> str:
    return uuid.uuid5(_NAMESPACE, name).urn


def _day(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _moment(text: str) -> str:
    """An ISO time as RFC 3339 in UTC."""
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _put(parent: ElementTree.Element, tag: str, text: str | None = None) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, f"{{{_ATOM}}}{tag}")
    made.text = text
    return made


def _link(parent: ElementTree.Element, relation: str, href: str, kind: str) -> None:
    ElementTree.SubElement(parent, f"{{{_ATOM}}}link", {"rel": relation, "href": href, "type": kind})
