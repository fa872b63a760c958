"""Pinned passages, search results and hearing bundles as the blocks of a memo: the same content for Word, Markdown and plain text.

Nothing in them depends on the day on which they are made: the same selection at the same as-of day gives the same bytes.
"""

from collections.abc import Mapping

from kb.domain.documents import Kind, Passage, TextStatus
from kb.domain.results import StandingValue
from kb.export.content import Block, Bullets, Heading, Memo, Paragraph, Picture, Run, Table, clean, excerpt, para, runs
from kb.export.phrases import PHRASES, VOICES, Phrases
from kb.export.references import web_address
from kb.export.selection import Chosen, Selection
from kb.law.regimes import in_words

_EXCERPT = 1_200  # characters of a search result; what was pinned stands in full
_TITLE = 160
_SAY: Mapping[str, Phrases] = {
    "nl": {
        "pinned": "Vastgezette passages",
        "results": "Zoekresultaten",
        "bundle": "Bundel voor de zitting",
        "query": "Zoekvraag",
        "beside": "staat hier omdat het in de plaats kwam van",
        "whole": "Het document als geheel.",
        "no_passages": "Bij deze zoekvraag hoort in dit corpus geen passage.",
        "missing": "Niet (meer) in dit corpus",
        "missing_note": "Deze zijn gevraagd en hier niet te vinden. Zij zijn dus niet afgedrukt.",
        "page": "pagina",
        "contents": "Inhoud",
        "tab": "Stuk",
        "on_page": "Pagina",
        "around_page": "De hele pagina van de bron; de aangehaalde passage is gemarkeerd.",
        "picture": "Afbeelding van de bron, bladzijde",
        "around": "De aangehaalde passage is gemarkeerd; ervoor en erna staat wat er in de bron omheen staat.",
        "digest_around": "Dit is een samenvatting in eigen woorden. Leg de officiële tekst over.",
        "source": "Bron",
        "record": "Verantwoording",
        "record_note": "Van elke passage het kenmerk in dit corpus, de plaats in de opgeslagen tekst (tekens) en het begin van de "
        "SHA-256 daarvan.",
        "advice": "Geen juridisch advies. Lees de bron voordat u erop steunt; wat hier niet staat kan elders bestaan.",
        "offsets": "tekens",
        "sha": "SHA-256",
    },
    "en": {
        "pinned": "Pinned passages",
        "results": "Search results",
        "bundle": "Bundle for the hearing",
        "query": "Question",
        "beside": "is here because it took the place of",
        "whole": "The document as a whole.",
        "no_passages": "No passage in this corpus belongs to this question.",
        "missing": "Not in this corpus (any more)",
        "missing_note": "These were asked for and are not to be found here. They are therefore not printed.",
        "page": "page",
        "contents": "Contents",
        "tab": "Tab",
        "on_page": "Page",
        "around_page": "The whole page of the source; the passage cited is marked.",
        "picture": "Picture of the source, page",
        "around": "The passage cited is marked; before and behind it is what stands around it in the source.",
        "digest_around": "This is a summary in our own words. Hand in the official text.",
        "source": "Source",
        "record": "Record",
        "record_note": "For each passage its id in this corpus, its place in the stored text (characters) and the head of its SHA-256.",
        "advice": "Not legal advice. Read the source before you rely on it; what is not here can exist elsewhere.",
        "offsets": "characters",
        "sha": "SHA-256",
    },
}


def passages_memo(chosen: Selection, language: str) -> Memo:
    """The selection in Dutch (`nl`) or English (`en`): each passage with citation, place, whose words, status and standing."""
    return _Writer(chosen, language, "results" if chosen.query is not None else "pinned").memo()


def bundle_memo(chosen: Selection, language: str, pages: Mapping[str, bytes] | None = None) -> Memo:
    """The selection as a bundle: contents first, then every passage on a page of its own with what stands around it in the source.

    Args:
        pages: pictures (PNG) of the page of a source, by the id of the passage that stands on it.
    """
    return _Writer(chosen, language, "bundle", pages or {}).memo()


class _Writer:
    def __init__(self, chosen: Selection, language: str, kind: str, pages: Mapping[str, bytes] | None = None) -> None:
        self.chosen, self.language, self.kind, self.pages = chosen, language, kind, pages or {}
        self.say: Phrases = {**PHRASES[language], **_SAY[language]}

    def memo(self) -> Memo:
        say, chosen = self.say, self.chosen
        title = say[self.kind]
        rows = [(say["as_of"], in_words(chosen.as_of, self.language))]
        if chosen.query is not None:
            rows.append((say["query"], chosen.query))
        rows.append((say["corpus"], chosen.corpus))
        blocks: list[Block] = [Heading(1, title), para(say["advice"], tone="notice"), _facts(rows)]
        blocks += [para(clean(notice[self.language]), tone="notice") for notice in chosen.notices]
        blocks += self.missing()
        if self.kind == "bundle":
            blocks += self.contents()
        for number, item in enumerate(chosen.items, 1):
            blocks += self.tab(number, item) if self.kind == "bundle" else self.entry(number, item)
        if not chosen.items:
            blocks.append(para(say["no_passages"]))
        blocks += [*self.table(), *self.record()]
        running = f"{title} · {in_words(chosen.as_of, self.language)} · dublin-kb"
        return Memo(title, self.language, chosen.as_of.isoformat(), running, (PHRASES[self.language]["page"], say["of"]), tuple(blocks))

    def missing(self) -> list[Block]:
        if not self.chosen.missing:
            return []
        listed = Bullets(tuple(runs(clean(id_)) for id_ in self.chosen.missing))
        return [Heading(2, self.say["missing"]), para(self.say["missing_note"], tone="stop"), listed]

    # --- one after the other ------------------------------------------------------------------------------------------------------

    def entry(self, number: int, item: Chosen) -> list[Block]:
        blocks: list[Block] = [Heading(2, f"{number}. {self.cited(item)}"), *self.head(item)]
        if item.passage is None:
            return [*blocks, para(self.say["whole"], Run("", footnote=self.footnote(item)))]
        words = clean(item.passage.display or item.passage.text)
        shown = excerpt(words, _EXCERPT) if self.chosen.query is not None else words
        body = Paragraph((Run(shown, footnote=self.footnote(item), language=item.passage.language),), "quote")
        return [*blocks, body, para(self.marks(item), tone="quiet")]

    def head(self, item: Chosen) -> list[Block]:
        """Title; why it is here, where it was not chosen; what overtook it."""
        document = item.document
        title = document.title_nl if self.language == "nl" and document.title_nl else document.title
        blocks: list[Block] = [para(Run(excerpt(title, _TITLE), bold=True), tone="quiet")]
        if item.beside is not None:
            beside = next((other for other in self.chosen.items if other.document.id == item.beside), None)
            name = clean(beside.plain[self.language]) if beside else item.beside
            blocks.append(para(f"{clean(item.plain[self.language])} {self.say['beside']} {name}.", tone="quiet"))
        return [*blocks, *self.standing(item)]

    def standing(self, item: Chosen) -> list[Block]:
        standing = item.standing
        if standing.value not in (StandingValue.CAUTION, StandingValue.OVERTAKEN):
            return []
        lead = Run(f"{self.say[str(standing.value)].capitalize()}: ", bold=True)
        blocks: list[Block] = [para(lead, clean(standing.sentence[self.language]), tone="stop")]
        if standing.value is StandingValue.OVERTAKEN:
            named = "; ".join(clean(s.citation[self.language]) for s in standing.successors)
            blocks.append(para(Run(f"{self.say['successor']}: ", bold=True), f"{named}.", tone="stop"))
        return blocks

    def cited(self, item: Chosen) -> str:
        return clean(item.citation[self.language])

    def footnote(self, item: Chosen) -> str:
        """Citation, and for what was overtaken the sentence that says by what: a footnote is copied without its page."""
        text = f"{self.cited(item).rstrip('.')}."
        if item.standing.value in (StandingValue.CAUTION, StandingValue.OVERTAKEN):
            text = f"{text} {clean(item.standing.sentence[self.language])}"
        return text

    def marks(self, item: Chosen) -> str:
        """Whether it is the official text, who speaks, on which page, under which id."""
        passage = item.passage
        assert passage is not None
        marks = [self.say[str(passage.text_status)]]
        if voice := VOICES[self.language].get(str(passage.voice), ""):
            marks.append(f"{self.say['voice']}: {voice}")
        if place := self.page(passage):
            marks.append(place)
        return "; ".join([*marks, item.id])

    def page(self, passage: Passage) -> str:
        printed = passage.printed_page or (str(passage.page) if passage.page is not None else "")
        return f"{self.say['page']} {printed}" if printed else ""

    # --- the bundle ---------------------------------------------------------------------------------------------------------------

    def contents(self) -> list[Block]:
        say = self.say
        rows = []
        for number, item in enumerate(self.chosen.items, 1):
            cited = [Paragraph((Run(self.cited(item), anchor=_anchor(number)),))]
            if item.passage is not None and item.passage.text_status is not TextStatus.VERBATIM:
                cited.append(para(say[str(item.passage.text_status)], tone="quiet"))
            cited += [block for block in self.standing(item) if isinstance(block, Paragraph)]
            standing = say[str(item.standing.value)]
            rows.append(((para(str(number)),), tuple(cited), (para(standing),), (Paragraph((Run("", page_of=_anchor(number)),)),)))
        table = Table((say["tab"], say["authority"], say["standing"], say["on_page"]), tuple(rows), (8, 60, 20, 12))
        return [Heading(2, say["contents"]), table]

    def tab(self, number: int, item: Chosen) -> list[Block]:
        say = self.say
        heading = Heading(2, f"{say['tab']} {number}. {self.cited(item)}", anchor=_anchor(number), new_page=True)
        blocks: list[Block] = [heading, *self.head(item)]
        if address := web_address(item.document):
            blocks.append(para(f"{say['source']}: {clean(address)}", tone="quiet"))
        if item.passage is None:
            return [*blocks, para(say["whole"], Run("", footnote=self.footnote(item)))]
        passage = item.passage
        blocks.append(para(self.marks(item), tone="quiet"))
        if item.expression is not None and item.expression.trust == "upload":
            blocks.append(para(clean(f"{say['source']}: {item.expression.source_name}"), tone="quiet"))
        if passage.text_status is TextStatus.DIGEST and item.document.kind is not Kind.GUIDE:
            blocks.append(para(say["digest_around"], tone="stop"))
        elif item.before or item.after:
            blocks.append(para(say["around_page" if passage.page is not None else "around"], tone="quiet"))
        blocks += [self.near(other) for other in item.before]
        words = Run(clean(passage.display or passage.text), footnote=self.footnote(item), language=passage.language)
        blocks.append(Paragraph((*self.place(passage), words), "notice"))
        blocks += [self.near(other) for other in item.after]
        if item.id in self.pages:
            blocks.append(Picture(self.pages[item.id], f"{self.say['picture']} {passage.page}: {self.cited(item)}"))
        return blocks

    def near(self, passage: Passage) -> Paragraph:
        return Paragraph((*self.place(passage), Run(clean(passage.display or passage.text), language=passage.language)))

    def place(self, passage: Passage) -> tuple[Run, ...]:
        """The number of a paragraph, where its own words do not begin with it."""
        pinpoint = passage.pinpoint
        if pinpoint is None or not pinpoint.is_place:
            return ()
        printed = clean(pinpoint.printed or pinpoint.value)
        begins = clean(passage.display or passage.text).startswith((printed, pinpoint.value))
        return () if begins or not printed else (Run(f"[{printed}] ", bold=True),)

    # --- the end ------------------------------------------------------------------------------------------------------------------

    def table(self) -> list[Block]:
        """Every document once, in the order of its citation."""
        if not self.chosen.items:
            return []
        held = {item.document.id: item for item in reversed(self.chosen.items)}
        rows = []
        for item in sorted(held.values(), key=lambda i: (clean(i.plain[self.language]).casefold(), i.document.id)):
            strong = item.standing.value in (StandingValue.CAUTION, StandingValue.OVERTAKEN)
            lines = [para(Run(self.say[str(item.standing.value)], bold=strong))]
            lines += [block for block in self.standing(item)[1:] if isinstance(block, Paragraph)]
            rows.append(((para(clean(item.plain[self.language])), para(item.document.id, tone="quiet")), tuple(lines)))
        heading = Heading(2, self.say["table"], new_page=self.kind == "bundle")
        return [heading, Table((self.say["authority"], self.say["standing"]), tuple(rows), (60, 40))]

    def record(self) -> list[Block]:
        rows = []
        for number, item in enumerate(self.chosen.items, 1):
            passage = item.passage
            place = f"{passage.start_char}–{passage.end_char}" if passage else ""
            cells = (str(number), item.id, place, passage.text_sha256[:16] if passage else "")
            rows.append(tuple((para(clean(cell), tone="quiet"),) for cell in cells))
        if not rows:
            return []
        head = ("", self.say["passage"].partition(" (")[0], self.say["offsets"], self.say["sha"])
        return [Heading(2, self.say["record"]), para(self.say["record_note"], tone="quiet"), Table(head, tuple(rows), (6, 56, 18, 20))]


def _facts(rows: list[tuple[str, str]]) -> Table:
    kept = [(name, value) for name, value in rows if value]
    return Table((), tuple(((para(Run(clean(name), bold=True)),), (para(clean(value)),)) for name, value in kept), (28, 72))


def _anchor(number: int) -> str:
    return f"tab_{number}"
