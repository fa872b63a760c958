"""The legal tests (toetsingskaders) as data."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api import deps
from api.conditional import ConditionalRoute
from api.frameworks import framework_body, framework_list
from api.requests import DateText, DayText, day_or, today
from kb.domain.dates import parse_optional
from kb.domain.documents import Track

router = APIRouter(tags=["frameworks"], route_class=ConditionalRoute)


@router.get("/frameworks")
def frameworks(request: Request) -> dict[str, Any]:
    """Every legal test with its versions and their dates."""
    return framework_list(deps.services(request).knowledge_base.frameworks)


@router.get("/frameworks/{framework_id}")
def framework(
    request: Request,
    framework_id: str,
    as_of: Annotated[DayText | None, Query()] = None,
    registered_on: Annotated[DateText | None, Query(description="Day of registration: it decides which law governs")] = None,
    track: Track | None = None,
) -> dict[str, Any]:
    """One legal test as it stands on a day: elements, burden, standard, authorities with their standing."""
    held = deps.services(request).knowledge_base
    return framework_body(held.frameworks, held.view(), framework_id, day_or(as_of, today()), parse_optional(registered_on), track)
