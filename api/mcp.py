"""The knowledge base for assistants, over the Model Context Protocol: search, open a passage, assess a case, check a draft.

The answers are those of the JSON API, with the same citations, standings and notices. Nothing asked is logged or kept.
"""

import json
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import ValidationError

from api import trace
from api.assessments import AssessBody, assessment_body, note_shown
from api.checks import CheckBody, result_out
from api.errors import safe_problems
from api.limits import Searches
from api.reading import passage_detail
from api.requests import SearchRequest, day_or, today
from api.schemas import dump, search_out
from kb.errors import KbError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.wiring import KnowledgeBase

_TOOLS_AT_ONCE = 4
INSTRUCTIONS = """Passages of asylum case-law and policy (Dublin transfers, status holders), each with its citation, its place, whose words
it holds, whether it is the official text or a digest, and whether the authority still stands. Quote only passages that were opened
here, with their citation as given. A digest is not the court's text. An overtaken authority is named together with what replaced it.
What is not found here can exist elsewhere. This is no legal advice."""


def create_server(knowledge_base: "KnowledgeBase", searches: Searches | None = None) -> MCPServer[Any]:
    """The server over one knowledge base, without a transport yet. `searches` bounds how many tools work at once."""
    slots = searches or Searches(_TOOLS_AT_ONCE)
    server: MCPServer[Any] = MCPServer("dublin-kb", instructions=INSTRUCTIONS, log_level="CRITICAL")

    @server.tool()
    def search(
        question: str,
        limit: int = 10,
        as_of: str | None = None,
        member_state: str | None = None,
        track: str | None = None,
        lang: str = "en",
    ) -> str:
        """Cited passages for a question, keywords or an identifier (ECLI, case number, name of a case).

        as_of: the day (YYYY-MM-DD) whose law answers. member_state: whose protection is at issue. track: dublin-transfer or status-holder.
        """

        def answer() -> dict[str, Any]:
            given = {"q": question, "limit": limit, "as_of": as_of, "lang": lang}
            given |= {name: [value] for name, value in (("member_state", member_state), ("track", track)) if value}
            asked = SearchRequest.model_validate(given)
            result = knowledge_base.search(asked.to_query(today()))
            trace.showed((hit.passage for hit in result.hits), as_of=result.as_of)
            if not result.hits:
                trace.found_nothing()
            return dump(search_out(result, lang))

        return _answered(answer, slots)

    @server.tool()
    def open_passage(id: str, as_of: str | None = None, context: int = 2, lang: str = "en") -> str:  # noqa: A002 (the contract's word)
        """One passage by its id (`ECLI:EU:C:2019:219#para-90`) with its document, citation, standing and the passages around it."""

        def answer() -> dict[str, Any]:
            width = max(0, min(context, 20))
            return dump(passage_detail(knowledge_base.view(), id, day_or(as_of, today()), None, lang, width))

        return _answered(answer, slots)

    @server.tool()
    def assess(facts: dict[str, Any], framework: str | None = None, as_of: str | None = None, lang: str = "en") -> str:
        """A case against a legal test, element by element: rule, passages for both sides, gaps, questions, warnings. It decides nothing.

        facts: registered_on, decided_on, nationality, region, member_state, status_there, vulnerabilities, housing, work, children,
        health, remedies_used, narrative.
        """

        def answer() -> dict[str, Any]:
            body = AssessBody.model_validate({"facts": facts, "framework": framework, "as_of": as_of, "lang": lang})
            case = body.to_case(knowledge_base.law.facts)
            found = knowledge_base.assess(case, framework=framework, as_of=body.day(), today=today(), language=lang)
            note_shown(found)
            return assessment_body(found, lang)

        return _answered(answer, slots)

    @server.tool()
    def check_draft(text: str, as_of: str | None = None, lang: str = "en") -> str:
        """Every citation of a draft: does it exist here, do court, date, place and quotation fit, does it still stand."""

        def answer() -> dict[str, Any]:
            body = CheckBody.model_validate({"text": text, "as_of": as_of, "lang": lang})
            return dump(result_out(knowledge_base.check(body.text, as_of=day_or(body.as_of, today())), lang))

        return _answered(answer, slots)

    return server


def _answered(answer: "Callable[[], dict[str, Any]]", slots: Searches) -> str:
    """The JSON of an answer. Raises: ToolError with the code of what went wrong, never with what was asked."""
    try:
        with slots.one():
            return json.dumps(answer(), ensure_ascii=False)
    except KbError as error:
        raise ToolError(f"{error.code}: {error}") from None
    except ValidationError as error:
        problems = "; ".join(f"{problem['field']}: {problem['message']}" for problem in safe_problems(error.errors()))
        raise ToolError(f"invalid-request: {problems}") from None
