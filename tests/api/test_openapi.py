"""The description of the API: every operation with a purpose, an example that its schema holds, and codes that exist."""

import json
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient

from api import openapi
from api.app import create_app
from api.errors import STATUS, TITLES
from kb.wiring import KnowledgeBase
from tests.factories import REPOSITORY

FOLDER = REPOSITORY / "api" / "examples"
FILES = {"export_chosen", "bundle_chosen", "export_found", "export_found_with_facts", "add", "erase", "erase_by_query"}
# how each example was asked for; the rest by the examples of their parameters and bodies
ASKED = {
    "search": "/api/v1/search?q=ECLI:NL:RVS:2022:1864&limit=1&as_of=2026-11-01&lang=nl",
    "search_with_facts": {"q": "moeder met kind teruggestuurd naar Griekenland", "limit": 1, "as_of": "2026-11-01", "lang": "nl"},
    "documents": "/api/v1/documents?limit=1&court=nl-rvs&lang=nl",
    "document": "/api/v1/documents/ECLI:NL:RVS:2021:1626?as_of=2026-11-01&lang=nl",
    "passages_of": "/api/v1/documents/ECLI:NL:RVS:2021:1626/passages?limit=1&lang=nl",
    "passages_by_query": "/api/v1/documents/passages?id=ECLI:NL:RVS:2021:1626&limit=1&lang=nl",
    "citations_of": "/api/v1/documents/ECLI:NL:RVS:2022:1864/citations?lang=nl",
    "citations_by_query": "/api/v1/documents/citations?id=ECLI:NL:RVS:2022:1864&lang=nl",
    "passage": "/api/v1/passages/ECLI:NL:RVS:2022:1864%23holding?context=1&as_of=2026-11-01&lang=nl",
    "passage_by_query": "/api/v1/passages?id=ECLI:NL:RVS:2022:1864%23holding&context=1&as_of=2026-11-01&lang=nl",
    "frameworks": "/api/v1/frameworks",
    "framework": "/api/v1/frameworks/ibrahim-threshold?as_of=2026-11-01&registered_on=2024-01-10",
    "export": "/api/v1/export/ECLI:NL:RVS:2022:1864?style=ris&as_of=2026-11-01",
    "export_by_query": "/api/v1/export?id=ECLI:NL:RVS:2022:1864&style=nl&as_of=2026-11-01",
    "search_alerts": "/feeds/search?q=ECLI:NL:RVS:2022:1864&lang=nl",
    "framework_alerts": "/feeds/frameworks/ibrahim-threshold?lang=nl",
    "assess": openapi.BODIES["assess"],
    "check": {"text": "ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864, r.o. 1", "as_of": "2026-07-01", "lang": "nl"},
}
PATHS = {"search_with_facts": "/api/v1/search", "assess": "/api/v1/assess", "check": "/api/v1/check"}


@pytest.fixture(scope="module")
def described(light_index: KnowledgeBase) -> dict[str, Any]:
    made: dict[str, Any] = create_app(light_index.settings, light_index).openapi()
    return made


def shortened(value: Any, depth: int = 0) -> Any:
    """The first of each list, the beginning of each long text: an example is read, not used."""
    if isinstance(value, dict):
        return {key: shortened(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [shortened(item, depth + 1) for item in value[: 2 if all(isinstance(item, int | float) for item in value) else 1]]
    return f"{value[:160]} […]" if isinstance(value, str) and len(value) > 200 else value


def asked(light_index: KnowledgeBase, name: str) -> Any:
    client = TestClient(create_app(light_index.settings, light_index), base_url="http://127.0.0.1:8000")
    given = ASKED[name]
    answer = client.get(given) if isinstance(given, str) else client.post(PATHS[name], json=given)
    assert answer.status_code == 200, answer.text
    kind = answer.headers["content-type"]
    if kind.startswith("application/json"):
        return shortened(answer.json())
    text = answer.text
    return text if "atom" not in kind else text[: text.index("</entry>") + len("</entry>")] + "</feed>\n"


@pytest.mark.parametrize("name", sorted(ASKED))
def test_every_operation_has_an_example_that_this_program_gave(light_index: KnowledgeBase, name: str) -> None:
    """A missing file is written, and the test fails: look at it, then keep it."""
    if openapi.example(name) is None:
        made = asked(light_index, name)
        path = FOLDER / f"{name}{'.txt' if isinstance(made, str) else '.json'}"
        path.write_text(made if isinstance(made, str) else json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        openapi.example.cache_clear()
        pytest.fail(f"{path.name} was written: review it")
    held, made = openapi.example(name), asked(light_index, name)
    if isinstance(held, dict):
        assert made.keys() == held.keys()


def test_no_operation_is_without_summary_description_and_examples(described: dict[str, Any]) -> None:
    names = []
    for path, method, operation in openapi.operations(described):
        name = operation["operationId"]
        names.append(name)
        assert operation["summary"], path
        assert operation.get("description"), f"{method} {path}"
        assert operation["tags"], path
        for parameter in operation.get("parameters", []):
            if parameter["required"]:
                assert "example" in parameter, f"{name}: {parameter['name']}"
        body = operation.get("requestBody", {}).get("content", {})
        if "application/json" in body:
            assert "example" in body["application/json"], name
        if name not in FILES:
            answers = [content for content in operation["responses"]["200"]["content"].values() if "example" in content]
            assert answers, name
    assert len(names) == len(set(names))
    assert set(names) == set(ASKED) | FILES


def test_every_example_satisfies_its_schema(described: dict[str, Any]) -> None:
    seen = 0
    for _, _, operation in openapi.operations(described):
        contents = [*operation.get("requestBody", {}).get("content", {}).values()]
        contents += [content for answer in operation["responses"].values() for content in answer.get("content", {}).values()]
        for content in contents:
            if "example" in content and "schema" in content:
                schema = {**content["schema"], "components": described["components"]}
                jsonschema.validate(content["example"], schema)
                seen += 1
        for parameter in operation.get("parameters", []):
            if "example" in parameter:
                jsonschema.validate(
                    [parameter["example"]] if parameter["schema"].get("type") == "array" else parameter["example"],
                    {**parameter["schema"], "components": described["components"]},
                )
    assert seen > 30


def test_the_examples_of_values_are_known(described: dict[str, Any]) -> None:
    (parameters,) = [o["parameters"] for _, _, o in openapi.operations(described) if o["operationId"] == "search"]
    by_name = {parameter["name"]: parameter["schema"] for parameter in parameters}
    assert "nl-rvs" in by_name["court"]["items"]["enum"]
    assert "GR" in by_name["member_state"]["items"]["enum"]


def test_every_code_of_a_problem_is_said_in_words() -> None:
    assert {kind.code for kind in STATUS} <= TITLES.keys()


def test_no_example_is_of_an_operation_that_is_gone(described: dict[str, Any]) -> None:
    names = {operation["operationId"] for _, _, operation in openapi.operations(described)}
    assert {path.stem for path in FOLDER.iterdir()} <= names


def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(light_index: KnowledgeBase) -> None:
    client = TestClient(create_app(light_index.settings, light_index), base_url="http://127.0.0.1:8000")
    for path, allowed in (
        ("/api/v1/search", "GET, POST"),
        ("/api/v1/export", "GET, POST"),
        ("/api/v1/bundle", "POST"),
        ("/healthz", "GET"),
    ):
        answer = client.put(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
