"""The JSON that the API answers and that `--json` prints: one set of shapes, from domain objects.

Source of the names: the interface (hit, passage, document, standing, treatment). A field that is unknown is null, never absent.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api import countries
from kb.domain.documents import Document, Expression, Passage, Treatment
from kb.domain.identifiers import PassageId
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.domain.results import Group, Hit, Notice, Searched, SearchResult, Standing, Successor
from kb.store.graph import Edge

Localised = dict[str, str]


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)


class PassageOut(Shape):
    id: str
    document_id: str
    pinpoint: Annotated[str | None, Field(description="The place as it is cited; null where the source prints none")]
    slug: Annotated[str, Field(description="The place in an address: the part of the id behind #")]
    heading_path: list[str]
    voice: str
    text_status: str
    language: str
    text: Annotated[str, Field(description="The source's own characters: document.text[start_char:end_char]")]
    start_char: int
    end_char: int
    page: int | None
    printed_page: str | None
    display: Annotated[str, Field(description="The same words without page furniture and hard line breaks: for reading, not for offsets")]
    spans: list[tuple[int, int]]
    form: Annotated[str, Field(description="official, digest-en, digest-nl, tr-en")]
    derived: Annotated[bool, Field(description="The pinpoint or voice was found in running text, not in the source's structure")]
    verification: str | None
    verification_note: str | None


class DocumentOut(Shape):
    id: str
    kind: str
    court: str
    court_key: str | None
    date: str | None
    published_on: str | None
    facts_from: str | None
    facts_until: str | None
    title: str
    title_nl: str | None
    language: str
    member_state: Annotated[str | None, Field(description="Names of the states whose protection is at issue")]
    member_states: list[str]
    deciding_state: str | None
    nationalities: list[str]
    track: str | None
    case_numbers: list[str]
    topics: list[str]
    outcome: str | None
    outcome_nl: str | None
    official_url: str | None
    sitting: str | None
    subtype: str | None
    aliases: list[str]
    verification: Annotated[dict[str, Any], Field(description="{status, note: {nl, en}}")]
    sources: list[str]
    catalogued: bool


class SuccessorOut(Shape):
    document_id: str
    title: str
    date: str | None
    citation: Localised
    sentence: Localised


class StandingOut(Shape):
    value: str
    track: str | None
    as_of: str
    sentence: Localised
    successors: list[SuccessorOut]


class TreatmentOut(Shape):
    type: str
    of: str
    by: str
    date: str | None
    pinpoint: str | None
    note: Annotated[str | None, Field(description="In the language asked for")]
    notes: Localised
    effect: str
    scope: list[str] | None
    source: str | None


class HitOut(Shape):
    rank: int
    score: float
    passage: PassageOut
    document: DocumentOut
    citation: Localised
    standing: str
    standing_detail: StandingOut
    treatment: list[TreatmentOut]
    highlights: Annotated[list[tuple[int, int]], Field(description="Matched words, offsets into passage.text")]
    companion: Annotated[bool, Field(description="Shown because the authority before it was overtaken by it")]
    explain: dict[str, float | int | str | None] | None = None


class NoticeOut(Shape):
    code: str
    message: str
    messages: Localised
    document_ids: list[str]


class SearchedOut(Shape):
    documents: int
    passages: int
    languages: list[str]
    from_: Annotated[str | None, Field(alias="from")]
    until: str | None


class GroupOut(Shape):
    document: DocumentOut
    hits: list[HitOut]


class SearchOut(Shape):
    query: str
    language: str
    as_of: str
    regime: str
    searched: SearchedOut
    total: Annotated[int, Field(description="Passages ranked before limit and offset")]
    hits: list[HitOut]
    notices: list[NoticeOut]
    groups: list[GroupOut] | None = None


class TextOut(Shape):
    """One text that is held of a document."""

    form: str
    version: int
    current: bool
    language: str
    text_status: str
    source_name: str
    parser: str
    trust: str
    text_sha256: str


class DocumentDetailOut(DocumentOut):
    citation: Localised
    standing: str
    standing_detail: StandingOut
    treatment: list[TreatmentOut]
    texts: list[TextOut]
    text_form: str | None
    text: Annotated[str | None, Field(description="The extracted text of `text_form`, the one that offsets count in")]


class DocumentsOut(Shape):
    total: int
    limit: int
    offset: int
    documents: list[DocumentOut]
    courts: Annotated[list[dict[str, Any]], Field(description="{key, name, documents} of the whole corpus")]


class PassagesOut(Shape):
    document_id: str
    form: str
    language: str
    text_status: str
    total: int
    limit: int
    offset: int
    passages: list[PassageOut]


class ContextOut(Shape):
    before: list[PassageOut]
    after: list[PassageOut]


class PassageDetailOut(Shape):
    passage: PassageOut
    document: DocumentOut
    citation: Localised
    standing: str
    standing_detail: StandingOut
    treatment: list[TreatmentOut]
    context: ContextOut


class LinkOut(Shape):
    """A citation found in a text: extracted, not curated."""

    passage_id: str
    document_id: str
    start_char: int
    end_char: int
    text: str
    target: str
    kind: str
    pinpoint: str | None
    resolved: bool
    from_pinpoint: Annotated[str, Field(description="Place of the passage that cites")]
    target_passages: Annotated[list[str], Field(description="Passages of the target that `pinpoint` names and that are held")]


class CitationsOut(Shape):
    """What was extracted from the texts that count now (`cites`, `cited_by`), apart from what was judged (`treatment`, `treats`)."""

    document_id: str
    cites: Annotated[list[LinkOut], Field(description="What this document cites; `resolved` is false for what this corpus does not hold")]
    cited_by: Annotated[list[LinkOut], Field(description="Where other documents of the corpus cite it")]
    treatment: Annotated[list[TreatmentOut], Field(description="What later documents did to this one")]
    treats: Annotated[list[TreatmentOut], Field(description="What this document did to earlier ones")]


class Problem(Shape):
    """RFC 9457 problem details. `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[dict[str, Any]] | None = None


_WORD: dict[PinpointKind, str] = {
    PinpointKind.PARAGRAPH: "para",
    PinpointKind.CONSIDERATION: "r.o.",
    PinpointKind.RANDNUMMER: "Rn.",
    PinpointKind.PAGE: "p.",
    PinpointKind.PAGE_SECTION: "p.",
    PinpointKind.ARTICLE: "art.",
    PinpointKind.RECITAL: "recital",
    PinpointKind.ANSWER: "answer",
    PinpointKind.QUESTION: "question",
    PinpointKind.HEADNOTE: "headnote",
    PinpointKind.OPERATIVE: "operative part",
    PinpointKind.FOOTNOTE: "fn",
}
_LONGEST_PRINTED = 60


def pinpoint_text(pinpoint: Pinpoint | None) -> str | None:
    """A pinpoint as it is cited, `r.o. 5.2`: as printed where the print says what it counts, else its number with the field's word.
    None where it is no place that can be cited."""
    if pinpoint is None or not pinpoint.is_place:
        return None
    printed = pinpoint.printed.strip()
    if printed and len(printed) <= _LONGEST_PRINTED and (printed[0].isalpha() or printed[0] == "§"):
        return printed
    word = _WORD.get(pinpoint.kind)
    value = pinpoint.value or printed
    return f"{word} {value}".strip() if word else value or None


def passage_out(passage: Passage, *, public_id: str | None = None) -> PassageOut:
    """`public_id`: the id that a reader sees, where it is not the stored one."""
    shown = public_id or passage.id
    return PassageOut(
        id=shown,
        document_id=passage.document_id,
        pinpoint=pinpoint_text(passage.pinpoint),
        slug=PassageId.parse(shown).slug,
        heading_path=list(passage.heading_path),
        voice=str(passage.voice),
        text_status=str(passage.text_status),
        language=passage.language,
        text=passage.text,
        start_char=passage.start_char,
        end_char=passage.end_char,
        page=passage.page,
        printed_page=passage.printed_page,
        display=passage.display or passage.text,
        spans=list(passage.spans),
        form=passage.form,
        derived=passage.derived,
        verification=passage.verification,
        verification_note=passage.note,
    )


def document_fields(document: Document, language: str = "en") -> dict[str, Any]:
    return {
        "id": document.id,
        "kind": str(document.kind),
        "court": document.court,
        "court_key": document.court_key,
        "date": document.date.value if document.date else None,
        "published_on": document.published_on.value if document.published_on else None,
        "facts_from": document.facts_from.value if document.facts_from else None,
        "facts_until": document.facts_until.value if document.facts_until else None,
        "title": document.title,
        "title_nl": document.title_nl,
        "language": document.language,
        "member_state": "; ".join(countries.name(code, language) for code in document.states) or None,
        "member_states": list(document.states),
        "deciding_state": document.deciding_state,
        "nationalities": list(document.nationalities),
        "track": str(document.track) if document.track else None,
        "case_numbers": list(document.case_numbers),
        "topics": list(document.topics),
        "outcome": document.outcome,
        "outcome_nl": document.outcome_nl,
        "official_url": document.official_url,
        "sitting": document.sitting,
        "subtype": document.subtype,
        "aliases": list(document.aliases),
        "verification": {"status": document.verification, "note": dict(document.verification_note)},
        "sources": list(document.sources),
        "catalogued": document.catalogued,
    }


def document_out(document: Document, language: str = "en") -> DocumentOut:
    return DocumentOut(**document_fields(document, language))


def successor_out(successor: Successor) -> SuccessorOut:
    return SuccessorOut(
        document_id=successor.document_id,
        title=successor.title,
        date=successor.date,
        citation=dict(successor.citation),
        sentence=dict(successor.sentence),
    )


def standing_out(standing: Standing) -> StandingOut:
    return StandingOut(
        value=str(standing.value),
        track=str(standing.track) if standing.track else None,
        as_of=standing.as_of.isoformat(),
        sentence=dict(standing.sentence),
        successors=[successor_out(successor) for successor in standing.successors],
    )


def treatment_out(edge: Treatment, language: str = "en") -> TreatmentOut:
    return TreatmentOut(
        type=edge.type,
        of=edge.of,
        by=edge.by,
        date=edge.date.value if edge.date else None,
        pinpoint=edge.pinpoint,
        note=edge.note.get(language) or edge.note.get("en"),
        notes=dict(edge.note),
        effect=edge.effect,
        scope=[str(track) for track in edge.scope] if edge.scope is not None else None,
        source=edge.source,
    )


def hit_out(hit: Hit, language: str = "en", *, explain: bool = False) -> HitOut:
    return HitOut(
        rank=hit.rank,
        score=hit.score,
        passage=passage_out(hit.passage),
        document=document_out(hit.document, language),
        citation=dict(hit.citation),
        standing=str(hit.standing.value),
        standing_detail=standing_out(hit.standing),
        treatment=[treatment_out(edge, language) for edge in hit.treatment],
        highlights=list(hit.highlights),
        companion=hit.companion,
        explain=dict(hit.explain) if explain else None,
    )


def notice_out(notice: Notice, language: str) -> NoticeOut:
    return NoticeOut(
        code=notice.code,
        message=in_language(notice.message, language),
        messages=dict(notice.message),
        document_ids=list(notice.document_ids),
    )


def searched_out(searched: Searched) -> SearchedOut:
    return SearchedOut(
        documents=searched.documents,
        passages=searched.passages,
        languages=list(searched.languages),
        from_=searched.earliest,
        until=searched.latest,
    )


def search_out(result: SearchResult, language: str = "en", *, grouped: bool = False, explain: bool = False) -> SearchOut:
    """With `grouped`, `groups` holds the documents in order and `hits` the same passages in one list."""
    return SearchOut(
        query=result.query,
        language=result.language,
        as_of=result.as_of.isoformat(),
        regime=result.regime,
        searched=searched_out(result.searched),
        total=result.total,
        hits=[hit_out(hit, language, explain=explain) for hit in result.hits],
        notices=[notice_out(notice, language) for notice in result.notices],
        groups=[_group_out(group, language, explain) for group in result.groups] if grouped else None,
    )


def _group_out(group: Group, language: str, explain: bool) -> GroupOut:
    return GroupOut(document=document_out(group.document, language), hits=[hit_out(hit, language, explain=explain) for hit in group.hits])


def text_out(expression: Expression) -> TextOut:
    return TextOut(
        form=expression.form,
        version=expression.version,
        current=expression.current,
        language=expression.language,
        text_status=str(expression.text_status),
        source_name=expression.source_name,
        parser=expression.parser,
        trust=expression.trust,
        text_sha256=expression.text_sha256,
    )


def edge_out(edge: Edge) -> LinkOut:
    link = edge.link
    return LinkOut(
        passage_id=link.passage_id,
        document_id=edge.document_id,
        start_char=link.start_char,
        end_char=link.end_char,
        text=link.text,
        target=link.target,
        kind=link.kind,
        pinpoint=link.pinpoint,
        resolved=link.resolved,
        from_pinpoint=edge.from_pinpoint,
        target_passages=list(edge.target_passages),
    )


def in_language(words: Mapping[str, str], language: str, order: Sequence[str] = ("en", "nl")) -> str:
    """`words` in `language`, else in the first of `order` that is there."""
    return next((words[tag] for tag in (language, *order) if words.get(tag)), "")


def dump(shape: BaseModel) -> dict[str, Any]:
    """Plain JSON values of a shape, under their public names."""
    return shape.model_dump(mode="json", by_alias=True)
