"""What was read once is not sent again while it is the same; answers to questions are never kept."""

from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests import factories
from tests.factories import COURT_OF_JUSTICE, OLD_TEST

KEPT = (
    f"/api/v1/documents/{OLD_TEST}",
    f"/api/v1/documents/{OLD_TEST}/passages",
    f"/api/v1/documents/{OLD_TEST}/citations",
    "/api/v1/documents?limit=2",
    f"/api/v1/passages/{quote(f'{COURT_OF_JUSTICE}#para-90', safe='')}",
    "/api/v1/frameworks",
    "/api/v1/frameworks/indirect-refoulement?as_of=2026-01-01",
    f"/api/v1/export/{OLD_TEST}?style=ris",
)


@pytest.mark.parametrize("address", KEPT)
def test_the_same_body_is_not_sent_twice(client: TestClient, address: str) -> None:
    first = client.get(address)
    tag = first.headers["etag"]
    assert first.status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(address, headers={"If-None-Match": f'"other", {tag.removeprefix("W/")}'}).status_code == 304
    other = client.get(address, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


def test_another_language_or_day_has_another_tag(client: TestClient) -> None:
    address = f"/api/v1/documents/{OLD_TEST}"
    tags = [client.get(address, params=p).headers["etag"] for p in ({"lang": "nl"}, {"lang": "en"}, {"as_of": "2023-01-01"})]
    assert len(set(tags)) == 3
    assert client.get(address).headers["vary"].startswith("Accept-Language")


def test_a_changed_document_is_sent_again(tmp_path: Path) -> None:
    tags = []
    for number, title in enumerate(("First title", "Second title")):
        entries = [factories.with_document(factories.ENTRIES[0], title=title), *factories.ENTRIES[1:]]
        base = factories.knowledge_base(tmp_path / str(number), entries)
        tags.append(TestClient(create_app(base.settings, base), base_url="http://127.0.0.1").get(KEPT[0]).headers["etag"])
    assert tags[0] != tags[1]


@pytest.mark.parametrize("address", ["/api/v1/search?q=overdracht", "/api/v1/documents/none", "/api/v1/search/export?q=x&format=md"])
def test_questions_and_failures_are_not_kept(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
