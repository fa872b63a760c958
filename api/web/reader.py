"""What the reader shows: a text by passage with its headings, citations as links, who cites it in which words, its versions."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from api import countries
from api.reading import current_texts
from api.schemas import in_language
from api.web.contexts import PASSAGES_A_PART, Link, Pages, PassageView, document_href, in_part, new_headings, place_of, plain_line, readable
from api.web.pictures import Graph, Node, graph
from kb.domain.documents import CitationLink, Document, Expression, Kind, Passage, TextStatus, Treatment
from kb.domain.identifiers import PassageId
from kb.domain.pinpoints import Pinpoint, slug_places

_CITERS = 25  # documents that cite, shown with their sentences
_CITERS_NAMED = 200  # and by name
_SENTENCES = 3
_SENTENCE = 320  # characters of one
_LEVELS = 6  # of headings in HTML; the text's own begin at h3
_IN_GRAPH = 12  # documents on either side of the picture
_ASKED = 700  # characters of a passage that are asked for elsewhere
_PAGES_A_ROW = 8  # pictures beside one long passage
_CONTENTS = 300  # entries of a table of contents
_OLD = re.compile(r"(?:^|-)v\d+$")  # the form of a replaced version
_RANGE = re.compile(r"(.+?)-(\d+)-(\d+)")
_SINGLE = re.compile(r"(.+?)-(\d+)(?:-\d+)?")
# the end of a sentence: after a word of small letters, a bracket or a year; not after an initial, a number or `nr.`
_STOP = re.compile(r"(?:(?<=[^\W\d_A-Z]{3})|(?<=[)\]”’])|(?<=\d{4}))[.;?!]['”’)]?\s+(?=[\[(‘“\"A-ZÀ-Þ\d])")


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # of HTML: 3 to 6
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table of contents; `depth` counts from 0."""

    depth: int
    href: str
    text: str


@dataclass(frozen=True, slots=True)
class ReaderPassage:
    """A passage where it is read: `opens` are the headings that begin at it, `cited` how many documents cite this place."""

    view: PassageView
    permalink: str
    elsewhere: str  # a search for what says the same in other documents
    voice_mark: str
    opens: list[Heading] = field(default_factory=list)
    cited: int = 0
    twin: PassageView | None = None
    page: int | None = None  # of the file it was read from, from 1


@dataclass(frozen=True, slots=True)
class PageImage:
    """The picture of one page of the original."""

    page: int
    href: str
    large_href: str


@dataclass(frozen=True, slots=True)
class PageRow:
    """Passages that begin on the same page, and the pictures of the pages up to the next such row; no pictures: only text."""

    passages: list[ReaderPassage]
    images: list[PageImage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sentence:
    place: str
    href: str
    language: str
    words: Markup


@dataclass(frozen=True, slots=True)
class Citer:
    """A document that cites this one, with the sentences in which it does."""

    link: Link
    date: str | None
    sentences: list[Sentence]
    count: int


def linked(passage: Passage, links: Sequence[CitationLink], lang: str | None) -> Markup:
    """The words to read, escaped, with the citations that lead to a document of this corpus as links.

    Offsets count in the source's text; what is read has no furniture, no hard line breaks and no split words. Letters and digits are
    the same in both, so an offset is carried over by counting those. Where they are not the same, the citation is looked for in
    order by its words, and one that does not stand there stays plain.
    """
    text = readable(passage)
    at_letter = _letters(text)
    own = _own_letters(passage)
    aligned = len(own) == len(at_letter) and all(
        passage.text[a].casefold() == text[b].casefold() for a, b in zip(own, at_letter, strict=True)
    )
    rank = {position: number for number, position in enumerate(own)} if aligned else {}
    pieces: list[Markup] = []
    at = 0
    for link in sorted(links, key=lambda link: (link.start_char, -link.end_char)):
        if not link.resolved:
            continue
        found = _by_offset(passage, link, rank, at_letter) if aligned else _by_words(text, link, at)
        if found is None or found[0] < at:
            continue
        start, end = found
        href = document_href(link.target, place=link.pinpoint, lang=lang)
        pieces += [escape(text[at:start]), Markup('<a href="{}">{}</a>').format(href, text[start:end])]
        at = end
    return Markup("").join([*pieces, escape(text[at:])])


def _letters(text: str) -> list[int]:
    return [i for i, c in enumerate(text) if c.isalnum()]


def _own_letters(passage: Passage) -> list[int]:
    """Positions in `passage.text` of its own letters and digits, without the furniture between its spans."""
    spans = passage.spans or ((passage.start_char, passage.end_char),)
    base = passage.start_char
    return [
        i for first, last in spans for i in range(first - base, last - base) if 0 <= i < len(passage.text) and passage.text[i].isalnum()
    ]


def _by_offset(passage: Passage, link: CitationLink, rank: dict[int, int], at_letter: Sequence[int]) -> tuple[int, int] | None:
    first, last = link.start_char - passage.start_char, link.end_char - passage.start_char
    inside = [rank[i] for i in range(max(0, first), min(last, len(passage.text))) if i in rank]
    return (at_letter[inside[0]], at_letter[inside[-1]] + 1) if inside else None


def _by_words(text: str, link: CitationLink, at: int) -> tuple[int, int] | None:
    words = [re.escape(word) for word in link.text.split()]
    found = re.compile(r"\s+".join(words)).search(text, at) if words else None
    return (found.start(), found.end()) if found else None


def sentence(text: str, start: int, end: int) -> Markup:
    """The sentence of `text` around a citation at `[start, end)`, on one line, escaped, the citation in `<b>`; cut where it is long."""
    before, cited, after = text[:start], text[start:end], text[end:]
    stops = [m.end() for m in _STOP.finditer(before)]
    first = stops[-1] if stops else 0
    stop = _STOP.search(after)
    last = stop.end() if stop else len(after)
    room = max(80, (_SENTENCE - len(cited)) // 2)
    lead, tail = " ".join(before[first:].split()), " ".join(after[:last].split())
    if len(lead) > room:
        lead = "… " + lead[-room:].partition(" ")[2]
    if len(tail) > room:
        tail = tail[:room].rpartition(" ")[0] + " …"
    lead_gap = " " if before[-1:].isspace() and lead else ""
    tail_gap = " " if after[:1].isspace() and tail else ""
    return Markup("{}{}<b>{}</b>{}{}").format(lead, lead_gap, " ".join(cited.split()), tail_gap, tail)


def held_place(asked: str, slugs: Sequence[str]) -> str | None:
    """The slug among `slugs` that holds the place asked for: itself, else the range of paragraphs around it; None when none does."""
    if asked in slugs:
        return asked
    wanted = _SINGLE.fullmatch(asked)
    if wanted is None:
        return None
    for slug in slugs:
        span = _RANGE.fullmatch(slug)
        single = _SINGLE.fullmatch(slug)
        if span and span[1] == wanted[1] and int(span[2]) <= int(wanted[2]) <= int(span[3]):
            return slug
        if single and not span and single[1] == wanted[1] and single[2] == wanted[2]:
            return slug
    return None


class Reader(Pages):
    """Builds the reader's page over one view, for one language."""

    def read(self, document: Document, expression: Expression, part: int, *, twin: Expression | None = None) -> list[ReaderPassage]:
        """One part of a text, its passages in order with their headings, citations linked; beside each its twin in another digest."""
        library = self._view.library
        own = library.passages(expression.key)
        shown = own[(part - 1) * PASSAGES_A_PART : part * PASSAGES_A_PART]
        links: dict[str, list[CitationLink]] = {}
        for link in library.citations_from(document.id):
            links.setdefault(link.passage_id, []).append(link)
        others = {PassageId.parse(p.id).slug: p for p in library.passages(twin.key)} if twin else {}
        citers: dict[str, set[str]] = {}
        for link in self._citations_to(document):
            if link.pinpoint:
                for place in slug_places(link.pinpoint):
                    citers.setdefault(place, set()).add(PassageId.parse(link.passage_id).document)
        made: list[ReaderPassage] = []
        before: tuple[str, ...] = ()  # a part begins with all the headings above it
        for passage in shown:
            citation = self._view.citation(document, passage.pinpoint)
            view = self.passage(document, passage, linked(passage, links.get(passage.id, ()), self._lang), citation)
            other = others.get(view.slug)
            same = len(passage.heading_path) - len(opens := new_headings(before, passage.heading_path))
            made.append(
                ReaderPassage(
                    view=view,
                    permalink=document_href(document.id, form=self._form(document, passage), place=view.slug, lang=self._lang),
                    elsewhere=self.search_href([("q", plain_line(passage.display or passage.text, _ASKED)), ("without", document.id)]),
                    voice_mark=self._t.or_self("voice_mark", view.voice),
                    opens=[Heading(min(3 + same + i, _LEVELS), f"h-{passage.ordinal}-{same + i}", text) for i, text in enumerate(opens)],
                    cited=len(citers.get(view.slug, ())),
                    twin=self.passage(document, other, linked(other, links.get(other.id, ()), self._lang), None) if other else None,
                    page=passage.page,
                )
            )
            before = passage.heading_path
        return made

    def rows(self, document: Document, expression: Expression, passages: list[ReaderPassage], *, ends: bool) -> list[PageRow]:
        """The passages by page with the pictures of the pages, which are those of a PDF.

        `ends`: whether the text ends with these passages; the pages after the last passage's first belong to it then.
        """
        rows: list[list[ReaderPassage]] = []
        for item in passages:
            if rows and (item.page is None or item.page <= (rows[-1][0].page or 0)):
                rows[-1].append(item)
            else:
                rows.append([item])
        # pages are joined by form feeds in the text of a PDF
        final = self._view.library.expression(expression.key).text.count("\f") + 1 if ends else None
        made = []
        for index, row in enumerate(rows):
            first = row[0].page
            if first is None:
                made.append(PageRow(row))
                continue
            following = rows[index + 1][0].page if index + 1 < len(rows) else None
            last = following - 1 if following else (final or first)
            numbers = range(first, min(max(first, last), first + _PAGES_A_ROW - 1) + 1)
            made.append(PageRow(row, [self._page_image(document, expression, number) for number in numbers]))
        return made

    def _page_image(self, document: Document, expression: Expression, page: int) -> PageImage:
        asked = {"id": document.id, "page": str(page), **({} if expression.current else {"version": str(expression.version)})}
        return PageImage(page, f"/page-image?{urlencode(asked)}", f"/page-image?{urlencode({**asked, 'size': 'large'})}")

    def contents(self, document: Document, expression: Expression, form: str | None, version: int | None, part: int) -> list[Entry]:
        """The headings of the whole text, those of other parts with the address of their part."""
        made: list[Entry] = []
        before: tuple[str, ...] = ()
        for passage in self._view.library.passages(expression.key):
            there = in_part(passage)
            base = "" if there == part else document_href(document.id, form=form, version=version, part=there, lang=self._lang)
            path = passage.heading_path
            for depth in range(len(path) - len(new_headings(before, path)), len(path)):
                made.append(Entry(depth, f"{base}#h-{passage.ordinal}-{depth}", path[depth]))
            before = path
        return made[:_CONTENTS]

    def edges(self, edges: Sequence[Treatment], *, other: str) -> list[dict[str, Any]]:
        """Treatment in words; `other` says which end is the document to link to (`by` or `of`)."""
        t, library = self._t, self._view.library
        made = []
        for edge in edges:
            target = library.find_document(getattr(edge, other))
            name = in_language(self._view.citation(target, None), t.language) if target else getattr(edge, other)
            tracks = ", ".join(t(f"track.{track}") for track in edge.scope or ())
            made.append(
                {
                    "what": t.or_self("treatment.type" if other == "by" else "treatment.does", edge.type),
                    "effect": edge.effect,
                    "date": t.date(edge.date) if edge.date else None,
                    "link": Link(document_href(getattr(edge, other), lang=self._lang), name) if target else None,
                    "name": name,
                    "pinpoint": edge.pinpoint,
                    "scope": t("treatment.scope", tracks=tracks) if edge.scope else t("treatment.scope_open"),
                    "note": in_language(edge.note, t.language),
                }
            )
        return made

    def cites(self, document: Document) -> list[dict[str, Any]]:
        """Documents cited by the current texts, once each: those held first, then most cited first."""
        every = self._view.library.citations_from(document.id)
        links = [link for link in every if not _OLD.search(PassageId.parse(link.passage_id).form)]
        made = []
        for end, count in sorted(Counter(link.target for link in links).items(), key=lambda item: (-item[1], item[0])):
            target = self._view.library.find_document(end)
            name = in_language(self._view.citation(target, None), self._t.language) if target else end
            made.append({"link": Link(document_href(end, lang=self._lang), name) if target else None, "name": name, "count": count})
        return sorted(made, key=lambda item: item["link"] is None)

    def cited_by(self, document: Document) -> tuple[list[Citer], list[Link], int]:
        """Who cites it: the newest with their sentences, further ones by name, and how many there are in all."""
        library, t = self._view.library, self._t
        found: dict[str, list[CitationLink]] = {}
        for link in self._citations_to(document):
            found.setdefault(PassageId.parse(link.passage_id).document, []).append(link)
        known = [(held, links) for id_, links in found.items() if (held := library.find_document(id_))]
        known.sort(key=lambda item: item[0].id)
        known.sort(key=lambda item: (item[0].kind is not Kind.GUIDE, item[0].date.first if item[0].date else 0), reverse=True)
        shown = known[:_CITERS]
        passages = library.passages_by_id([link.passage_id for _, links in shown for link in links])
        made = []
        for citing, links in shown:
            sentences: dict[tuple[str, str], Sentence] = {}
            for link in links:
                passage = passages.get(link.passage_id)
                if passage is not None and len(sentences) < _SENTENCES:
                    at = link.start_char - passage.start_char
                    words = sentence(passage.text, at, at + link.end_char - link.start_char)
                    sentences.setdefault((passage.id, str(words)), self._sentence(citing, passage, words))
            made.append(Citer(self._named(citing), t.date(citing.date) if citing.date else None, list(sentences.values()), len(links)))
        return made, [self._named(citing) for citing, _ in known[_CITERS:_CITERS_NAMED]], len(known)

    def _citations_to(self, document: Document) -> list[CitationLink]:
        """From current texts; of a digest in two languages, from that of the page."""
        other = "digest-en" if self._t.language == "nl" else "digest-nl"
        every = self._view.library.citations_to(document.id)
        return [link for link in every if (form := PassageId.parse(link.passage_id).form) != other and not _OLD.search(form)]

    def _sentence(self, document: Document, passage: Passage, words: Markup) -> Sentence:
        slug = PassageId.parse(passage.id).slug
        place = self._place(document, passage)
        return Sentence(
            place, document_href(document.id, form=self._form(document, passage), place=slug, lang=self._lang), passage.language, words
        )

    def _named(self, document: Document) -> Link:
        return Link(document_href(document.id, lang=self._lang), in_language(self._view.citation(document, None), self._t.language))

    def around(
        self,
        document: Document,
        treats: Sequence[dict[str, Any]],
        treated: Sequence[dict[str, Any]],
        cites: Sequence[dict[str, Any]],
        citers: Sequence[Link],
    ) -> tuple[Graph | None, int, int]:
        """The document between what it relies on and what came after it, with how many are shown and how many there are.

        Treatment comes before mere citation, and a document stands once on either side. The lists of the page say the same in words.
        """
        earlier = {edge["name"]: Node(edge["name"], edge["effect"]) for edge in treats}
        for item in cites:
            if item["link"]:
                earlier.setdefault(item["name"], Node(item["name"]))
        later = {edge["name"]: Node(edge["name"], edge["effect"]) for edge in treated}
        for link in citers:
            later.setdefault(link.text, Node(link.text))
        sides = list(earlier.values()), list(later.values())
        name = in_language(self._view.citation(document, None), self._t.language)
        shown = sum(min(len(side), _IN_GRAPH) for side in sides)
        return graph(name, *sides, _IN_GRAPH), shown, sum(map(len, sides))

    def find_place(self, document: Document, asked: str, form: str | None) -> str | None:
        """The address at which a place is read: in the text asked for, else in the first that holds it; None when none does."""
        library = self._view.library
        texts = current_texts(self._view, document, self._t.language)
        for expression in texts:
            if form in (None, expression.form):
                passages = {PassageId.parse(p.id).slug: p for p in library.passages(expression.key)}
                if slug := held_place(asked, list(passages)):
                    named = None if expression is texts[0] else expression.form
                    return document_href(document.id, form=named, slug=slug, part=in_part(passages[slug]), lang=self._lang)
        return None

    def place_name(self, asked: str) -> str:
        """A slug in words, for a place that is not held."""
        kind, _, rest = asked.partition("-")
        t = self._t
        return f"{t(f'pin.{kind}')} {rest}".strip() if t.has(f"pin.{kind}") else place_of(Pinpoint.parse(asked), t, 0) if rest else asked

    def versions(self, document: Document, expression: Expression) -> list[tuple[Link, bool]]:
        """The versions that are held of one text, newest first, with the one shown; empty where there is but one."""
        every = [e for e in self._view.library.expressions(document.id, with_text=False) if e.form == expression.form]
        every.sort(key=lambda e: -e.version)
        made = []
        for each in every:
            key = "doc.version_current" if each.current else "doc.version_old"
            form = None if each.current and self._preferred_form(document) == each.form else each.form
            href = document_href(document.id, form=form, version=None if each.current else each.version, lang=self._lang)
            made.append((Link(href, self._t(key, n=each.version)), each.key == expression.key))
        return made if len(made) > 1 else []

    def about(self, document: Document) -> list[tuple[str, str]]:
        """What is known of a document, as (term, words)."""
        t = self._t
        period = " – ".join(t.date(d) for d in (document.facts_from, document.facts_until) if d)
        outcome = document.outcome_nl if t.language == "nl" and document.outcome_nl else document.outcome
        rows = [
            ("doc.court", document.court),
            ("doc.sitting", document.sitting),
            ("doc.date", t.date(document.date)),
            ("doc.kind", t(f"kind.{document.kind}")),
            ("doc.id", document.id),
            ("doc.numbers", ", ".join(document.case_numbers)),
            ("doc.states", ", ".join(countries.name(code, t.language) for code in document.states)),
            ("doc.decided_by", countries.name(document.deciding_state, t.language) if document.deciding_state else None),
            ("doc.nationalities", ", ".join(countries.name(code, t.language) for code in document.nationalities)),
            ("doc.track", t(f"track.{document.track}") if document.track else None),
            ("doc.outcome", outcome),
            ("doc.published", t.date(document.published_on) if document.published_on else None),
            ("doc.facts", period),
            ("doc.sources", ", ".join(document.sources)),
        ]
        return [(t(key), value) for key, value in rows if value]

    def verification(self, document: Document) -> dict[str, str]:
        """How far a catalogued document was checked, and the note that says what was seen."""
        t = self._t
        status = {"verified": t("doc.verified"), "unverified": t("doc.unverified")}.get(document.verification or "", "")
        return {"status": status, "note": in_language(document.verification_note, t.language)}

    def text_choices(self, document: Document, form: str | None) -> list[tuple[Link, bool]]:
        """The texts to read, with the one that is shown."""
        t = self._t
        texts = current_texts(self._view, document, t.language)
        made = []
        for number, expression in enumerate(texts):
            key = {TextStatus.VERBATIM: "doc.text_official", TextStatus.DIGEST: "doc.text_digest"}.get(
                expression.text_status, "doc.text_translation"
            )
            language = t.or_self("lang", expression.language)
            href = document_href(document.id, form=expression.form if number else None, lang=self._lang)
            made.append((Link(href, t(key, language=language)), expression.form == form))
        if {"digest-nl", "digest-en"} <= {e.form for e in texts}:
            made.append((Link(document_href(document.id, form="digests", lang=self._lang), t("doc.text_both")), form == "digests"))
        return made
