"""From what a parser returned to what the store holds: a document, one text of it, passages with ids, and the citations in it."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace

from ingest.citations import Resolver, link_citations
from ingest.normalise import clean
from ingest.parse.model import ParsedDocument, ParsedPassage, SourceLink
from kb.domain.courts import Courts
from kb.domain.dates import LegalDate, parse_optional
from kb.domain.documents import CitationLink, Document, Expression, Kind, Passage, TextStatus, unique_slugs
from kb.domain.identifiers import PassageId, canonical_document_id, file_document_id
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.domain.references import ReferenceFinder
from kb.errors import InvalidIdentifier
from kb.retrieval.languages import detect_language
from kb.store.library import sha256

_ENOUGH_SECTIONS = 3


@dataclass(frozen=True, slots=True)
class Assembled:
    """One document ready for the library."""

    document: Document
    expression: Expression
    passages: list[Passage]
    citations: list[CitationLink]
    warnings: list[str]
    stated: Document  # what the text says of itself, whatever the catalogue says


@dataclass(frozen=True, slots=True)
class Assembler:
    """What all documents of a run share."""

    courts: Courts
    finder: ReferenceFinder
    resolver: Resolver
    catalogued: Callable[[str], Document | None]
    sections_of: Callable[[LegalDate], Sequence[tuple[str, Set[str]]]]  # catalogued documents of a day, slugs of their cited sections

    def assemble(
        self,
        parsed: ParsedDocument,
        *,
        source_sha256: str,
        source_name: str,
        position: int = 0,
        kind: Kind | None = None,
        document_id: str | None = None,
        trust: str = "official",
    ) -> Assembled:
        """The document as the store holds it, version 1; the pipeline decides on versions.

        An upload never takes an official id: what its text claims is a warning, and its id derives from its bytes.
        """
        meta, warnings = parsed.metadata, list(parsed.warnings)
        claimed = _canonical(document_id or meta.id)
        if trust == "upload" and claimed:
            warnings.append(f"an upload cannot claim {claimed}: it is kept under an id of its own")
            claimed = None
        own_id = file_document_id(source_sha256) + (f"-{position + 1}" if position else "")
        if not claimed and trust == "official" and (found := self.recognised(parsed)):
            claimed, sections = found
            warnings.append(f"recognised as {claimed}: the same date, and {sections} of its sections")
        if claimed and trust == "official" and (same := self.same_decision(parsed, claimed)):
            warnings.append(f"{claimed} is recognised as {same}: the same body, day and number")
            claimed = same
        known = self.catalogued(claimed) if claimed else None
        stated = self._stated(parsed, known, claimed or own_id, kind, source_name)
        if trust == "official" and known and (own := _canonical(meta.id)) and own != known.id:
            names = (own, *(alias for alias in stated.aliases if alias != own))
            stated = replace(stated, aliases=names, extra={**stated.extra, "stated_id": own})
        document = with_stated(known, stated) if known else stated
        base_language = document.language
        form, status = "official", TextStatus.VERBATIM
        if meta.language and known and meta.language != known.language and known.language:
            form = f"tr-{meta.language}"
        if parsed.metadata.extra.get("translation"):
            form, status = f"tr-{meta.language or base_language}", TextStatus.TRANSLATION
        expression = Expression(
            document_id=document.id,
            form=form,
            version=1,
            language=meta.language or base_language,
            text_status=status,
            text=parsed.text,
            text_sha256=sha256(parsed.text),
            source_sha256=source_sha256,
            source_name=source_name,
            parser=parsed.parser,
            trust=trust,
        )
        passages = self._passages(parsed, expression)
        return Assembled(document, expression, passages, self.links(expression, passages, parsed.links), warnings, stated)

    def recognised(self, parsed: ParsedDocument) -> tuple[str, int] | None:
        """The catalogued letter or report that this text is: the same full date, and at least three headings that its digest cites
        as sections, and all of them. Anything less is no identity."""
        date = _date(parsed.metadata.date)
        if date is None or date.precision != "day":
            return None
        headings = {Pinpoint(PinpointKind.SECTION, part.heading_path[-1], "").slug for part in parsed.passages if part.heading_path}
        for document_id, sections in self.sections_of(date):
            if len(sections) >= _ENOUGH_SECTIONS and sections <= headings:
                return document_id, len(sections)
        return None

    def same_decision(self, parsed: ParsedDocument, claimed: str) -> str | None:
        """The catalogued decision that this text is, where the catalogue does not know its identifier yet: one document carries one
        of its numbers, and both are of the same body and the same full day. Anything less is no identity."""
        meta, date = parsed.metadata, _date(parsed.metadata.date)
        if date is None or date.precision != "day" or self.catalogued(claimed):
            return None
        body = self.courts.find(meta.court, claimed)
        found = {known.id for number in meta.case_numbers if (known := self._catalogued_by_number(number))}
        if len(found) != 1 or body is None:
            return None
        known = self.catalogued(found.pop())
        same = known is not None and known.date == date and known.court_key == body.key and not known.id.startswith("ECLI:")
        return known.id if known and same else None

    def _catalogued_by_number(self, number: str) -> Document | None:
        held = self.resolver("docket", number)
        return self.catalogued(held) if held else None

    def links(self, expression: Expression, passages: Sequence[Passage], marked: Sequence[SourceLink] = ()) -> list[CitationLink]:
        """The citations in a text: those the source marks up and those found in its words."""
        places = [(passage.id, passage.start_char, passage.end_char) for passage in passages]
        return link_citations(
            expression.document_id, expression.language, expression.text, places, marked, self.resolver, finder=self.finder
        )

    def _stated(self, parsed: ParsedDocument, known: Document | None, document_id: str, kind: Kind | None, source_name: str) -> Document:
        meta = parsed.metadata
        language = meta.language or (known.language if known else None) or detect_language(parsed.text[:20_000], default="nl")
        court = meta.court or ""  # never the catalogue's: what the text states is compared with it
        found = self.courts.find(court, document_id)
        return Document(
            id=document_id,
            kind=kind or meta.kind or (known.kind if known else Kind.OTHER),
            court=court,
            title=meta.title or source_name,
            language=language,
            date=_date(meta.date),
            published_on=_date(meta.published_on),
            facts_from=_date(meta.facts_from),
            facts_until=_date(meta.facts_until),
            court_key=found.key if found else None,
            case_numbers=tuple(dict.fromkeys(meta.case_numbers)),
            deciding_state=meta.deciding_state or (found.country if found else None),
            official_url=meta.official_url,
            sitting=meta.sitting,
            subtype=meta.subtype,
            aliases=tuple(dict.fromkeys(meta.aliases)),
            sources=tuple(meta.sources),
            extra={**meta.extra, **{f"relation: {kind_}": target for kind_, target in meta.relations}},
        )

    def _passages(self, parsed: ParsedDocument, expression: Expression) -> list[Passage]:
        slugs = unique_slugs(_slugs(parsed.passages))
        form = "" if expression.form == "official" else expression.form
        made = []
        for ordinal, (part, slug) in enumerate(zip(parsed.passages, slugs, strict=True)):
            text = parsed.text[part.start : part.end]
            spans = part.spans or ((part.start, part.end),)
            made.append(
                Passage(
                    id=str(PassageId(expression.document_id, form, slug)),
                    document_id=expression.document_id,
                    form=expression.form,
                    ordinal=ordinal,
                    pinpoint=part.pinpoint,
                    heading_path=part.heading_path,
                    voice=part.voice,
                    text_status=expression.text_status,
                    language=part.language or expression.language,
                    text=text,
                    start_char=part.start,
                    end_char=part.end,
                    spans=part.spans if len(part.spans) > 1 else (),
                    display=clean(parsed.text, spans).text,
                    page=part.page,
                    printed_page=part.printed_page,
                    derived=part.derived,
                    footnotes=part.footnotes,
                    text_sha256=sha256(text),
                )
            )
        return made


def with_stated(known: Document, stated: Document) -> Document:
    """The catalogue is curated: it keeps its words and gets from the source what it does not have."""
    return replace(
        known,
        date=known.date or stated.date,
        published_on=known.published_on or stated.published_on,
        case_numbers=tuple(dict.fromkeys([*known.case_numbers, *stated.case_numbers])),
        official_url=known.official_url or stated.official_url,
        sitting=known.sitting or stated.sitting,
        aliases=tuple(dict.fromkeys([*known.aliases, *stated.aliases])),
        extra={**known.extra, **stated.extra},
    )


def _slugs(passages: Sequence[ParsedPassage]) -> list[str]:
    """A slug each: the pinpoint's, else the passage's position, said to be one."""
    slugs = []
    for number, passage in enumerate(passages, 1):
        pinpoint = passage.pinpoint or Pinpoint(PinpointKind.POSITION, str(number), "")
        slugs.append(pinpoint.slug or f"pos-{number}")
    return slugs


def _canonical(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return canonical_document_id(text)
    except InvalidIdentifier:
        return None


def _date(text: str | None) -> LegalDate | None:
    try:
        return parse_optional(text)
    except InvalidIdentifier:
        return None
