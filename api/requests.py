"""What may be asked, the same through every door: strict models at the edge that become one `Query`."""

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api import countries
from kb.domain.dates import LegalDate, parse_day
from kb.domain.documents import Document, Kind, TextStatus, Track, Voice
from kb.domain.query import MAX_CHARACTERS, Filters, Query, normalise_query
from kb.domain.results import Notice
from kb.errors import InvalidQuery

_MAX_VALUES = 50


def _listed(value: Any) -> Any:
    """One value may stand alone: `"kind": "judgment"` is `["judgment"]`."""
    return [value] if isinstance(value, str) else value


Words = Annotated[str, Field(min_length=1, max_length=200)]
DocumentId = Annotated[str, Field(min_length=1, max_length=400)]
LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
_YEAR = r"(?:[1-9]\d{3}|0[1-9]\d{2}|00[1-9]\d|000[1-9])"
_MONTH, _DAY = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
DATE_PATTERN = rf"^{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?$"
DateText = Annotated[str, Field(pattern=DATE_PATTERN, description="YYYY, YYYY-MM or YYYY-MM-DD")]
DayText = Annotated[str, Field(pattern=rf"^{_YEAR}-{_MONTH}-{_DAY}$", description="YYYY-MM-DD", json_schema_extra={"format": "date"})]
MessageLanguage = Annotated[Literal["nl", "en"] | None, Field(description="Language of notices; else Accept-Language, else English")]


_NO_SUCH_SPAN = Notice(
    "no-such-span",
    {
        "nl": "`from` ligt na `until`: geen document kan aan beide voldoen.",
        "en": "`from` lies after `until`: no document can satisfy both.",
    },
)


class FilterFields(BaseModel):
    """Filters that documents and passages share. Values of one filter are alternatives, filters add up."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)

    kind: Annotated[list[Kind], BeforeValidator(_listed), Field(max_length=_MAX_VALUES)] = []
    court: Annotated[
        list[Words], BeforeValidator(_listed), Field(max_length=_MAX_VALUES, description="Key of the court, or words of its name")
    ] = []
    member_state: Annotated[
        list[Words],
        BeforeValidator(_listed),
        Field(max_length=_MAX_VALUES, description="The state whose protection is at issue: ISO code, or name in Dutch or English"),
    ] = []
    language: Annotated[list[LanguageCode], BeforeValidator(_listed), Field(max_length=_MAX_VALUES, description="Of the passage")] = []
    track: Annotated[list[Track], BeforeValidator(_listed), Field(max_length=_MAX_VALUES)] = []
    from_: Annotated[DateText | None, Field(alias="from", description="Decided on or after")] = None
    until: Annotated[DateText | None, Field(description="Decided on or before")] = None
    lang: MessageLanguage = None

    def states(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(countries.code(state) for state in self.member_state))

    def span(self) -> tuple[LegalDate | None, LegalDate | None]:
        """Raises: InvalidIdentifier for a day that no calendar has."""
        first = LegalDate.parse(self.from_) if self.from_ else None
        last = LegalDate.parse(self.until) if self.until else None
        return first, last

    def contradiction(self) -> Notice | None:
        """What is to be said where the first date lies after the last: nothing can be found then. Raises: InvalidIdentifier."""
        first, last = self.span()
        return _NO_SUCH_SPAN if first and last and first.first > last.last else None


class SearchRequest(FilterFields):
    """One search, as the query string of GET, the JSON of POST, or the options of the command line."""

    q: Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS, description="A question, keywords or an identifier")]
    limit: Annotated[int, Field(ge=1, le=100, description="Passages, or documents with group=document")] = 10
    offset: Annotated[int, Field(ge=0, le=10_000)] = 0
    voice: Annotated[list[Voice], BeforeValidator(_listed), Field(max_length=_MAX_VALUES)] = []
    text_status: Annotated[list[TextStatus], BeforeValidator(_listed), Field(max_length=_MAX_VALUES)] = []
    without: Annotated[
        list[DocumentId],
        BeforeValidator(_listed),
        Field(max_length=_MAX_VALUES, description="Documents to leave out: a ruling, when its own paragraph is the question"),
    ] = []
    as_of: Annotated[DayText | None, Field(description="The day whose law, policy and documents answer; today by default")] = None
    group: Literal["passage", "document"] = "passage"
    sort: Annotated[
        Literal["relevance", "newest"], Field(description="`newest`: the most relevant documents by date, as with group=document")
    ] = "relevance"
    explain: bool = False

    def to_query(self, today: dt.date, *, contradictions: bool = False) -> Query:
        """With `contradictions`, dates that nothing satisfies are searched all the same: whoever asks so tells why nothing is found.

        Raises: InvalidQuery, InvalidIdentifier.
        """
        if not contradictions and (told := self.contradiction()):
            raise InvalidQuery(told.message["en"])
        text = normalise_query(self.q)
        if not re.search(r"\w", text):
            raise InvalidQuery("the question holds no letter and no figure: type words, a question or an identifier")
        first, last = self.span()
        return Query(
            text=text,
            as_of=day_or(self.as_of, today),
            limit=self.limit,
            offset=self.offset,
            filters=Filters(
                kinds=tuple(self.kind),
                courts=tuple(self.court),
                states=self.states(),
                languages=tuple(self.language),
                voices=tuple(self.voice),
                tracks=tuple(self.track),
                text_statuses=tuple(self.text_status),
                without=tuple(self.without),
                decided_from=first,
                decided_until=last,
            ),
            group_by=self.group,
            explain=self.explain,
        )


class SearchBody(SearchRequest):
    """The JSON of POST /search: numbers are numbers there."""

    limit: Annotated[int, Field(ge=1, le=100, strict=True)] = 10
    offset: Annotated[int, Field(ge=0, le=10_000, strict=True)] = 0
    explain: Annotated[bool, Field(strict=True)] = False


class DocumentsRequest(FilterFields):
    """Which documents to list."""

    id: Annotated[str | None, Field(min_length=1, max_length=400, description="One document, for ids that are awkward in a path")] = None
    form: Annotated[str | None, Field(pattern=r"^(official|digest-(nl|en)|tr-[a-z]{2})$", description="With `id`: which text")] = None
    as_of: Annotated[DayText | None, Field(description="With `id`: the day at which its standing is told")] = None
    topic: Annotated[list[Words], BeforeValidator(_listed), Field(max_length=_MAX_VALUES)] = []
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    def matches(self, document: Document, states: tuple[str, ...], span: tuple[LegalDate | None, LegalDate | None]) -> bool:
        """Whether a document satisfies every filter; an unknown date satisfies no date filter, a partial one when it may."""
        first, last = span
        names = ((document.court_key or "").casefold(), document.court.casefold())
        date = document.date
        return (
            (not self.kind or document.kind in self.kind)
            and (not self.court or any(asked.casefold() == names[0] or asked.casefold() in names[1] for asked in self.court))
            and (not states or bool(set(states) & set(document.states)))
            and (not self.language or document.language in self.language)
            and (not self.track or document.track in self.track)
            and (not self.topic or bool({t.casefold() for t in self.topic} & {t.casefold() for t in document.topics}))
            and (first is None or (date is not None and date.last >= first.first))
            and (last is None or (date is not None and date.first <= last.last))
        )


def day_or(text: str | None, today: dt.date) -> dt.date:
    return parse_day(text).first_day if text else today


def today() -> dt.date:
    """The day on which a question without an as-of date is answered."""
    return dt.datetime.now(tz=dt.UTC).date()
