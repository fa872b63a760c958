"""POST /assess and `dublin-kb assess`: one shape through both doors, nothing kept of the facts."""

import datetime as dt
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api import cli, events
from api.app import create_app
from kb.errors import InvalidQuery
from kb.law.case import FIELDS
from kb.wiring import KnowledgeBase
from tests.factories import MARK

FACTS = {"nationality": "Syrian", "member_state": "Greece", "status_there": "refugee", "decided_on": "2026-03-02", "housing": "homeless"}
CASE = """
nationality = "Syrian"
member_state = "Griekenland"
status_there = "refugee"
decided_on = 2026-03-02
housing = "sliep op het Viktoriaplein"
narrative = "Zij is depressief."
"""
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def client(light_index: KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(light_index.settings, light_index), base_url="http://127.0.0.1:8000") as opened:
        yield opened


@pytest.fixture
def run(light_index: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(cli, "_knowledge_base", lambda: light_index)
    monkeypatch.setattr(cli, "_settings", lambda: light_index.settings)
    return lambda *arguments: CliRunner().invoke(cli.app, ["assess", *map(str, arguments)])


@pytest.fixture
def case_file(tmp_path: Path) -> Path:
    path = tmp_path / "case.toml"
    path.write_text(CASE, encoding="utf-8")
    return path


# --- HTTP ------------------------------------------------------------------------------------------------------------------------------


def test_the_answer_has_the_parts_of_the_contract(client: TestClient) -> None:
    answer = client.post("/api/v1/assess", json={"facts": FACTS, "registered_on": "2025-11-03", "narrative": "Zij is depressief."})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert {"framework", "version", "regime", "track", "as_of", "elements", "proposed_facts", "warnings", "manifest"} <= set(body)
    assert (body["framework"], body["version"], body["regime"], body["track"]) == ("ibrahim-threshold", "apd", "apd", "status-holder")
    assert body["as_of"] == "2026-03-02"
    for element in body["elements"]:
        assert {"id", "title", "burden", "standard", "rule", "questions", "authorities", "supporting", "contrary", "gaps"} <= set(element)
        assert all(isinstance(text, str) for text in (*element["questions"], *element["gaps"]))
        for authority in element["authorities"]:
            assert {"document_id", "pinpoint", "citation", "standing", "successor"} <= set(authority)
        for hit in (*element["supporting"], *element["contrary"]):
            assert {"rank", "score", "passage", "document", "citation", "standing", "treatment", "highlights", "comparable"} <= set(hit)
    assert all({"code", "message", "document_ids"} <= set(warning) for warning in body["warnings"])
    assert "weighs nothing" in body["weighs_nothing"]


def test_the_language_of_messages_is_the_one_asked_for(client: TestClient) -> None:
    bodies = {lang: client.post("/api/v1/assess", json={"facts": FACTS, "lang": lang}).json() for lang in ("nl", "en")}
    assert "weegt niets" in bodies["nl"]["weighs_nothing"]
    assert bodies["nl"]["elements"][0]["questions"] == bodies["en"]["elements"][0]["questions_in"]["nl"]


def test_an_overtaken_authority_carries_its_successor(client: TestClient) -> None:
    facts = {**FACTS, "member_state": "DK", "status_there": "applicant", "cites": ["ECLI:NL:RVS:2022:1864"]}
    body = client.post("/api/v1/assess", json={"facts": facts}).json()
    shown = [a for e in body["elements"] for a in e["authorities"]]
    assert all(a["successor"] for a in shown if a["standing"] == "overtaken")
    [warning] = [w for w in body["warnings"] if w["rule"] == "overtaken-authority" and w["cited"]]
    assert warning["document_ids"] == ["ECLI:NL:RVS:2022:1864", "RVS:202304791/1/V2"]


def test_a_confirmed_proposal_is_used(client: TestClient) -> None:
    told = {"facts": {"decided_on": "2026-03-02"}, "narrative": "Zij heeft een erkende vluchtelingenstatus in Griekenland."}
    first = client.post("/api/v1/assess", json=told).json()
    assert first["track"] == "dublin-transfer"
    ids = [fact["id"] for fact in first["proposed_facts"]]
    second = client.post("/api/v1/assess", json={**told, "confirm": ids}).json()
    assert second["track"] == "status-holder"
    assert second["proposed_facts"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"facts": {"nationallity": "SY"}}, "did you mean nationality"),
        ({"facts": {"status_there": "refuge"}}, "did you mean refugee"),
        ({"facts": {"decided_on": "2026-02-30"}}, "decided_on"),
        ({"facts": {"nationality": "Atlantis"}}, "nationality: no such country"),
        ({"facts": {"children": {"a": {"b": {"c": {"d": {"e": 1}}}}}}}, "children"),
        ({"facts": {"narrative": 3}}, "narrative"),
        ({"facts": {"registered_on": "2024-01-01"}, "registered_on": "2025-01-01"}, "registered_on stands both"),
        ({"facts": {}, "confirm": ["health:x"]}, "not proposed"),
        ({"facts": {}, "as_of": "2024-02-31"}, "2024-02-31"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused_with_what_to_do(client: TestClient, body: dict[str, Any], words: str) -> None:
    answer = client.post("/api/v1/assess", json=body)
    assert answer.status_code in (400, 404, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


def test_an_unknown_framework_and_an_unknown_field_are_refused(client: TestClient) -> None:
    assert client.post("/api/v1/assess", json={"framework": "dublin"}).status_code == 404
    assert client.post("/api/v1/assess", json={"fact": {}}).status_code == 422


def test_nothing_of_the_facts_is_logged_kept_or_echoed_in_an_error(
    client: TestClient, light_index: KnowledgeBase, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    facts = {**FACTS, "health": MARK, "region": MARK}
    assert client.post("/api/v1/assess", json={"facts": facts, "narrative": MARK}).status_code == 200
    for wrong in ({"nationality": MARK}, {"decided_on": MARK}, {"status_there": MARK}, {"housing": [[[[[MARK]]]]]}):
        answer = client.post("/api/v1/assess", json={"facts": {**facts, **wrong}})
        assert answer.status_code in (400, 404, 422)
        assert MARK not in answer.text
    assert MARK not in client.post("/api/v1/assess", json={"facts": facts, "wrong": MARK}).text
    captured = capfd.readouterr()
    assert MARK not in captured.out + captured.err + caplog.text
    assert not [p for p in light_index.settings.data_dir.rglob("*") if p.is_file() and MARK.encode() in p.read_bytes()]
    assert events.log is not None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.dictionaries(st.sampled_from([*FIELDS, "other"]), _VALUES, max_size=5), narrative=st.text(max_size=60))
def test_no_facts_whatever_break_the_server(client: TestClient, facts: dict[str, Any], narrative: str) -> None:
    content = json.dumps({"facts": facts, "narrative": narrative, "as_of": "2000-01-01"}).encode("utf-8", "surrogatepass")
    answer = client.post("/api/v1/assess", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400, 422)


# --- the command -------------------------------------------------------------------------------------------------------------------------


def test_the_command_prints_the_shape_of_the_api(run: Run, client: TestClient, case_file: Path) -> None:
    done = run(case_file, "--format", "json", "--lang", "nl")
    assert done.exit_code == 0, done.output
    facts = {**tomllib.loads(CASE), "decided_on": "2026-03-02"}
    assert json.loads(done.stdout) == client.post("/api/v1/assess", json={"facts": facts, "lang": "nl"}).json()


def test_the_command_writes_each_format(run: Run, case_file: Path, tmp_path: Path) -> None:
    for name, start in (("memo.docx", b"PK"), ("memo.md", b"# "), ("memo.json", b"{"), ("memo.txt", b"Overview")):
        done = run(case_file, "--out", tmp_path / name, "--lang", "en")
        assert done.exit_code == 0, done.output
        assert (tmp_path / name).read_bytes().startswith(start)
        assert (tmp_path / name).stat().st_mode & 0o077 == 0, "a memo may hold facts: for its owner alone"
    assert not list(tmp_path.glob(".*.part"))


def test_a_replay_from_the_saved_json_shows_the_same_passages(run: Run, case_file: Path, tmp_path: Path) -> None:
    first = tmp_path / "first.json"
    assert run(case_file, "--out", first).exit_code == 0
    again = run("--replay", first, "--format", "json")
    assert again.exit_code == 0, again.output
    old, new = json.loads(first.read_text()), json.loads(again.stdout)
    assert new["manifest"] == old["manifest"]
    assert new["changes"] == []
    assert new["replayed"] is True
    assert [[h["passage"]["id"] for h in e["supporting"]] for e in new["elements"]] == [
        [h["passage"]["id"] for h in e["supporting"]] for e in old["elements"]
    ]
    assert "Viktoriaplein" not in json.dumps(old["manifest"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give one case file"),
        (("case.toml", "--format", "pdf"), "text, md, json, docx"),
        (("case.toml", "--format", "docx"), "needs --out"),
        (("case.toml", "--lang", "de"), "nl or en"),
    ],
)
def test_a_command_that_cannot_be_meant_is_refused(run: Run, arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_bad_case_file_is_told_in_one_sentence(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(f'nationality = "{MARK}', encoding="utf-8")
    done = run(path)
    assert done.exit_code != 0
    assert MARK not in done.output


def test_today_is_used_where_no_decision_is_dated(client: TestClient) -> None:
    body = client.post("/api/v1/assess", json={"facts": {"member_state": "DK"}}).json()
    assert body["as_of"] == dt.datetime.now(tz=dt.UTC).date().isoformat()


# --- prose of a language model ----------------------------------------------------------------------------------------------------


class Scripted:
    """A language model on this machine that cites what it was given, and lies once."""

    name, host, is_local = "scripted", "127.0.0.1", True

    def complete(self, system: str, user: str) -> str:
        first = json.loads(user)["passages"][0]
        told = " ".join(first["text"].split(". ")[0].split()).rstrip(".") + "."
        return json.dumps({"sentences": [{"text": told, "passages": [first["label"]]}, {"text": "Invented.", "passages": ["S99"]}]})


@pytest.fixture
def scripted(light_index: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    model = Scripted()
    monkeypatch.setitem(light_index.__dict__, "language_model", model)
    return model


def test_prose_is_refused_where_no_model_is_configured(client: TestClient, run: Run, case_file: Path) -> None:
    refused = client.post("/api/v1/assess", json={"facts": FACTS, "prose": True})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid-query")
    assert "KB_LLM" in refused.json()["detail"]
    told = run(case_file, "--prose")
    assert isinstance(told.exception, InvalidQuery)
    assert "KB_LLM" in str(told.exception)


def test_prose_carries_passage_ids_and_says_what_it_withheld(client: TestClient, scripted: Scripted) -> None:
    body = client.post("/api/v1/assess", json={"facts": FACTS, "prose": True, "lang": "en"}).json()
    prose = body["prose"]
    assert (prose["model"], prose["local"], prose["facts_sent"]) == ("scripted", True, True)
    by_id = {element["id"]: element for element in body["elements"]}
    for element in prose["elements"]:
        own = {hit["passage"]["id"] for side in ("supporting", "contrary") for hit in by_id[element["id"]][side]}
        told, lie = element["sentences"]
        assert set(told["passages"]) <= own
        assert (lie["text"], lie["verdict"], lie["problems"]) == (None, "withheld", ["unknown-passage"])
        assert element["withheld"] >= 1
    assert "unknown-passage" in prose["problems"]
    assert client.post("/api/v1/assess", json={"facts": FACTS}).json()["prose"] is None


def test_the_command_warns_that_a_model_wrote(run: Run, case_file: Path, tmp_path: Path, scripted: Scripted) -> None:
    out = tmp_path / "memo.md"
    told = run(case_file, "--prose", "--lang", "en", "--out", out)
    assert told.exit_code == 0
    assert "written by a language model" in told.output
    assert "Written by a language model" in out.read_text("utf-8")


@pytest.mark.parametrize(("arguments", "words"), [(("--send-facts",), "--prose"), (("--prose", "--replay", "x.json"), "new assessment")])
def test_options_of_prose_that_cannot_be_meant_are_refused(run: Run, case_file: Path, arguments: tuple[str, ...], words: str) -> None:
    told = run(*(() if "--replay" in arguments else (case_file,)), *arguments)
    assert told.exit_code == 2
    assert words in told.output
