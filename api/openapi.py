"""The description of the API at `/api/v1/openapi.json`: every operation with an example, values that are known listed, keys explained.

The examples are answers that this program gave over the shipped corpus (`api/examples/*.json`, long lists and texts shortened); a test
holds each to its schema.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api import countries
from api.errors import PROBLEM_TYPE, problem_body
from api.requests import DATE_PATTERN
from api.schemas import Problem
from kb.domain.documents import Track
from kb.errors import KbError
from kb.law.case import StatusThere

if TYPE_CHECKING:
    from api.deps import Services

EXAMPLES = Path(__file__).parent / "examples"
TAGS = (
    ("search", "Cited passages for a question"),
    ("documents", "Documents, their texts, citations and treatment; adding and erasing"),
    ("passages", "One passage with what stands around it"),
    ("frameworks", "The legal tests as data"),
    ("assess", "A case against a legal test: both sides, gaps, warnings"),
    ("check", "The citations of a draft"),
    ("export", "Citations, references, passages and bundles as files"),
    ("feeds", "Alerts as Atom"),
)
# a day of the calendar, also in leap years: generators of clients and of tests then make no 30 February
_DAYS = (
    r"\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
    r"|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
)
_A_WORD = r"\w"  # a letter or a figure somewhere
_DATE = rf"^(?!0000)(?:\d{{4}}|\d{{4}}-(?:0[1-9]|1[0-2])|{_DAYS})$"
# a fact that the file lacks may be left out, null, or empty in any way
_LACKING: list[dict[str, Any]] = [
    {"type": "null"},
    {"type": "array", "maxItems": 0},
    {"type": "object", "maxProperties": 0},
    {"type": "string", "pattern": r"^\s*$"},
]
_WORDS: dict[str, Any] = {
    "description": "A text, a number, yes or no, or a list or table of those",
    "examples": ["gezin met twee kinderen"],
}
BODIES: Mapping[str, Any] = {
    "search_with_facts": {"q": "moeder met kind teruggestuurd naar Griekenland", "limit": 5, "as_of": "2026-11-01", "lang": "nl"},
    "export_found_with_facts": {"q": "Ibrahim", "format": "md", "lang": "nl"},
    "export_chosen": {
        "ids": ["ECLI:EU:C:2019:219#holding", "ECLI:NL:RVS:2021:1626"],
        "format": "docx",
        "as_of": "2026-11-01",
        "lang": "nl",
    },
    "bundle_chosen": {"ids": ["ECLI:EU:C:2019:219#holding"], "as_of": "2026-11-01", "lang": "nl"},
    "assess": {
        "as_of": "2024-09-01",
        "facts": {"registered_on": "2024-01-10", "nationality": "SY", "member_state": "DK", "status_there": "applicant"},
        "lang": "en",
    },
}
PARAMETERS: Mapping[str, Any] = {
    "q": "Wanneer is de Ibrahim-drempel gehaald?",
    "as_of": "2026-11-01",
    "registered_on": "2024-01-10",
    "from": "2019",
    "until": "2026",
    "framework_id": "ibrahim-threshold",
    "document_id": "ECLI:NL:RVS:2021:1626",
    "style": "ris",
    "form": "digest-nl",
    "lang": "nl",
}


def describe(app: FastAPI, held: "Services") -> dict[str, Any]:
    """The document for this application; courts are those of the corpus that answers now."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS],
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
    )
    courts = _courts(held)
    for path, _, operation in operations(made):
        _explain_parameters(path, operation, courts)
        _add_examples(operation)
    for name in ("SearchBody", "SearchExportBody"):
        _explain_filters(made["components"]["schemas"][name]["properties"], courts)
        made["components"]["schemas"][name]["properties"]["q"]["pattern"] = _A_WORD
    made["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    made["components"]["schemas"]["AssessBody"]["properties"]["facts"] |= _facts()
    if not held.settings.llm and (prose := made["components"]["schemas"]["AssessBody"]["properties"].get("prose")):
        prose["const"] = False  # no language model is configured on this server
    _strict_dates(made)
    made["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "A key of KB_API_KEYS; reading needs one where the server asks for it."},
        "browser": {"type": "http", "scheme": "basic", "description": "The same key as the password, for people in a browser."},
    }
    made["security"] = [{}, {"key": []}, {"browser": []}]
    return made


def operations(made: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of every operation."""
    for path, item in made["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "operationId" in operation:
                yield path, method, operation


def operation_id(route: APIRoute) -> str:
    """The name of the function: stable, and short enough for the clients that are made from this document."""
    return route.name


@cache
def example(name: str) -> Any:
    """The example answer of an operation; None where there is none."""
    for ending in (".json", ".txt"):
        path = EXAMPLES / f"{name}{ending}"
        if path.exists():
            text = path.read_text(encoding="utf-8")
            return json.loads(text) if ending == ".json" else text
    return None


def _courts(held: "Services") -> list[str]:
    try:
        documents = held.knowledge_base.view().library.documents()
    except KbError:
        return []
    return sorted({document.court_key for document in documents if document.court_key})


def _explain_parameters(path: str, operation: dict[str, Any], courts: list[str]) -> None:
    searches = path.endswith(("/search", "/search/export"))
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if name in PARAMETERS:
            parameter["example"] = PARAMETERS[name]
        if name == "q":
            parameter["schema"]["pattern"] = _A_WORD
        if name in ("id", "id_"):
            of_passage = "/passages" in path
            parameter["example"] = "ECLI:EU:C:2019:219#holding" if of_passage else "ECLI:NL:RVS:2021:1626"
            if of_passage:
                parameter["schema"]["pattern"] = r"^[A-Za-z0-9:/@._ -]*[A-Za-z0-9][A-Za-z0-9:/@._ -]*#[a-z0-9][a-z0-9.~-]*$"
        if name == "style":
            parameter["schema"]["enum"] = ["nl", "oscola", "ris", "bibtex", "csl-json"]
        if name == "member_state" or (name == "court" and searches):
            _explain_filters({name: parameter["schema"]}, courts)


def _explain_filters(properties: dict[str, Any], courts: list[str]) -> None:
    """Lists the values that are known. Names are understood too, and an unknown one is refused with the nearest."""
    if "member_state" in properties:
        properties["member_state"]["items"] = {"type": "string", "enum": sorted(countries.names("en"))}
    if courts and "court" in properties:
        properties["court"]["items"] = {"type": "string", "enum": courts}


def _facts() -> dict[str, Any]:
    """What `kb.law.case` reads, field by field."""
    states = sorted(countries.names("en"))
    date = {"anyOf": [{"type": "string", "pattern": _DATE}, {"type": "integer", "minimum": 1000, "maximum": 9999}, *_LACKING]}
    country = {"anyOf": [{"type": "string", "enum": states}, *_LACKING]}
    status = {"anyOf": [{"type": "string", "enum": [str(each) for each in StatusThere]}, *_LACKING]}
    track = {"anyOf": [{"type": "string", "enum": [str(each) for each in Track]}, *_LACKING]}
    return {
        "additionalProperties": False,
        "properties": {
            "registered_on": date,
            "decided_on": date,
            "nationality": country,
            "member_state": country,
            "status_there": status,
            "track": track,
            **dict.fromkeys(("region", "housing", "work", "children", "health", "remedies_used", "vulnerabilities", "cites"), _WORDS),
        },
    }


def _strict_dates(node: Any) -> None:
    """Every date pattern made one of the calendar."""
    if isinstance(node, dict):
        if node.get("pattern") == DATE_PATTERN:
            node["pattern"] = _DATE
        for value in node.values():
            _strict_dates(value)
    elif isinstance(node, list):
        for value in node:
            _strict_dates(value)


def _add_examples(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and name in BODIES:
        body["example"] = BODIES[name]
    made = example(name)
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if status in ("200", "201") and made is not None:
            kind = "application/json" if not isinstance(made, str) else next((k for k in content if k != "application/json"), "text/plain")
            content.setdefault(kind, {})["example"] = made
        if PROBLEM_TYPE in content:
            content[PROBLEM_TYPE] |= {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": problem_body("not-found", 404, "no document 'ECLI:NL:RVS:2099:1' in this corpus: search for its name or number"),
            }
