"""The JSON of a draft check, the same from `POST /check` and from `dublin-kb check --json`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.requests import DayText, MessageLanguage
from api.schemas import in_language
from kb.law.check import MAX_CHARACTERS, Check, CheckedCitation, CheckResult


class CheckBody(BaseModel):
    """A draft as text. It is not kept or logged, and stands in the answer only with `with_text`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)]
    as_of: Annotated[DayText | None, Field(description="The day at which authorities must still stand; today by default")] = None
    with_text: Annotated[bool, Field(strict=True, description="Give the draft's text back, in which the offsets count")] = False
    lang: MessageLanguage = None


class DifferenceOut(BaseModel):
    draft: str
    source: str
    negation: str | None = None


class CheckOut(BaseModel):
    what: Annotated[str, Field(description="exists, date, court, pinpoint, quote, standing, track, country")]
    verdict: Annotated[str, Field(description="ok, differs, not-in-corpus, not-checkable")]
    detail: str
    printed: str | None = None
    right: str | None = None
    start_char: Annotated[int | None, Field(description="Of the quotation")] = None
    end_char: int | None = None
    passage_id: str | None = None
    document_ids: list[str] = []
    differences: list[DifferenceOut] = []


class CitationOut(BaseModel):
    text: str
    start_char: int
    end_char: int
    id: str | None
    found: bool
    verdict: str
    citation: dict[str, str] | None
    note: Annotated[str | None, Field(description="The footnote it stands in")] = None
    short_form: bool = False
    checks: list[CheckOut]


class CheckResultOut(BaseModel):
    as_of: str
    citations: list[CitationOut]
    summary: dict[str, int]
    text: str | None = None


def check_out(found: Check, language: str) -> CheckOut:
    return CheckOut(
        what=str(found.what),
        verdict=str(found.verdict),
        detail=in_language(found.detail, language),
        printed=found.printed,
        right=found.right,
        start_char=found.start,
        end_char=found.end,
        passage_id=found.passage_id,
        document_ids=list(found.document_ids),
        differences=[DifferenceOut(draft=d.draft, source=d.source, negation=d.negation) for d in found.differences],
    )


def citation_out(found: CheckedCitation, language: str) -> CitationOut:
    return CitationOut(
        text=found.text,
        start_char=found.start_char,
        end_char=found.end_char,
        id=found.id,
        found=found.found,
        verdict=str(found.verdict),
        citation=dict(found.citation) if found.citation else None,
        note=found.note,
        short_form=found.short_form,
        checks=[check_out(check, language) for check in found.checks],
    )


def result_out(found: CheckResult, language: str, *, with_text: bool = False) -> CheckResultOut:
    return CheckResultOut(
        as_of=found.as_of.isoformat(),
        citations=[citation_out(citation, language) for citation in found.citations],
        summary=dict(found.summary),
        text=found.text if with_text else None,
    )
