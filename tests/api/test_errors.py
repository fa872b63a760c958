"""Every error has a status, a code and a problem body; none echoes what was sent or says what it should not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import errors
from api.app import create_app
from api.web.i18n import catalogue
from kb.errors import InputRejected, KbError
from kb.wiring import KnowledgeBase
from tests import factories


def leaves(kind: type[KbError] = KbError) -> Iterator[type[KbError]]:
    below = kind.__subclasses__()
    if not below:
        yield kind
    for sub in below:
        yield from leaves(sub)


def made(kind: type[KbError]) -> KbError:
    return InputRejected("empty", "it is empty") if kind is InputRejected else kind("what was wrong")


@pytest.mark.parametrize("kind", sorted(set(leaves()), key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_every_leaf_of_the_error_tree_has_its_status_and_title(kind: type[KbError]) -> None:
    assert kind in errors.STATUS
    assert kind.code in errors.TITLES
    status = errors.status_of(made(kind))
    assert status in (429, 503) or not kind.retryable


@pytest.mark.parametrize("kind", sorted(set(leaves()), key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_every_error_is_one_problem_body_and_one_page(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, kind: type[KbError]) -> None:
    app = create_app(base.settings, base)
    client = TestClient(app, base_url="http://127.0.0.1")

    def fails(*_: object) -> object:
        raise made(kind)

    monkeypatch.setattr(KnowledgeBase, "view", fails)
    monkeypatch.setattr(KnowledgeBase, "search", fails)
    answered = client.get("/api/v1/search", params={"q": "x"})
    body = answered.json()
    assert answered.headers["content-type"] == "application/problem+json"
    assert (body["code"], body["status"], answered.status_code) == (kind.code, errors.STATUS[kind], errors.STATUS[kind])
    assert {"type", "title", "detail"} <= body.keys()
    assert ("retry-after" in answered.headers) is kind.retryable
    page = client.get("/documents/x", headers={"Accept-Language": "nl"})
    assert page.status_code == answered.status_code
    assert '<html lang="nl">' in page.text
    assert kind.code in page.text
    assert body["detail"] in page.text


def test_an_unexpected_exception_tells_its_class_to_the_log_and_its_words_to_nobody(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object) -> object:
        raise RuntimeError(factories.MARK)

    client = TestClient(create_app(base.settings, base), base_url="http://127.0.0.1")
    monkeypatch.setattr(KnowledgeBase, "view", breaks)
    monkeypatch.setattr(KnowledgeBase, "search", breaks)
    for answered in (client.get("/api/v1/search", params={"q": "x"}), client.get("/documents/x")):
        assert answered.status_code == 500
        assert factories.MARK not in answered.text
    said = "".join(capfd.readouterr())
    assert "RuntimeError" in said
    assert factories.MARK not in said


def test_an_address_without_anything_and_a_wrong_method_are_problems_too(client: TestClient) -> None:
    assert client.get("/api/v1/nothing").json()["code"] == "no-such-page"
    assert client.put("/api/v1/search", json={}).json()["code"] == "method-not-allowed"
    assert "no-such-page" in client.get("/nothing").text


def test_an_empty_store_is_told_with_its_remedy_and_the_process_is_not_ready(data_dir: Path) -> None:
    base = factories.empty_knowledge_base(data_dir)
    with TestClient(create_app(base.settings, base), base_url="http://127.0.0.1") as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "store-empty")
        assert client.get("/api/v1/search", params={"q": "x"}).json()["code"] == "store-empty"
        assert client.get("/").status_code == 200
        assert "dublin-kb ingest" in client.get("/").text
        assert client.get("/search?q=x").status_code == 503


def test_a_ready_process_says_over_which_generation(client: TestClient) -> None:
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["generation"] == "gen-000001"


def test_both_languages_of_the_pages_have_the_same_words_and_places_to_fill() -> None:
    import string

    dutch, english = catalogue("nl"), catalogue("en")
    assert dutch.keys() == english.keys()
    for key in english:
        fields = [{name for _, name, _, _ in string.Formatter().parse(words[key]) if name} for words in (dutch, english)]
        assert fields[0] == fields[1], key


def test_every_text_that_a_template_asks_for_is_there_with_the_values_it_needs() -> None:
    import re
    import string

    import api.web

    words = catalogue("en")
    folder = Path(api.web.__file__).parent / "templates"
    found = 0
    for path in sorted(folder.glob("*.html")):
        for key, values in re.findall(r"\bt\('([a-z_.0-9-]+)'(?:, ((?:[^()]|\([^()]*\))*))?\)", path.read_text(encoding="utf-8")):
            found += 1
            assert key in words, f"{path.name}: {key}"
            fields = {name for _, name, _, _ in string.Formatter().parse(words[key]) if name}
            given = set(re.findall(r"(\w+)=|'(\w+)':", values))
            assert fields == {a or b for a, b in given}, f"{path.name}: {key}"
    assert found > 80


def test_every_value_of_the_vocabularies_has_words_in_the_pages() -> None:
    from kb.domain.documents import Kind, TextStatus, Track, Voice
    from kb.domain.results import StandingValue
    from kb.law.treatment import TREATMENT_TYPES

    words = catalogue("en")
    wanted = (
        [f"kind.{k}" for k in Kind] + [f"voice.{v}" for v in Voice] + [f"voice_says.{v}" for v in Voice] + [f"track.{t}" for t in Track]
    )
    wanted += [f"status.{s}" for s in TextStatus] + [f"status_short.{s}" for s in TextStatus] + [f"standing.{s}" for s in StandingValue]
    wanted += [f"treatment.{end}.{t}" for t in TREATMENT_TYPES for end in ("type", "does")]
    assert [key for key in wanted if key not in words] == []
