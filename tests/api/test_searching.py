"""Results by date: newest first, page by page, and never an overtaken authority alone."""

import itertools

from fastapi.testclient import TestClient

from tests.factories import NEW_TEST, OLD_TEST

QUESTION = "beschermingsbeleid overdracht poverty"


def groups(client: TestClient, **asked: str) -> list[tuple[str, str]]:
    answered = client.get("/api/v1/search", params={"q": QUESTION, "group": "document", **asked})
    assert answered.status_code == 200, answered.text
    return [(group["document"]["id"], group["document"]["date"]) for group in answered.json()["groups"]]


def test_documents_come_newest_first(client: TestClient) -> None:
    found = groups(client, sort="newest")
    assert len(found) >= 3
    assert [date for _, date in found] == sorted((date for _, date in found), reverse=True)
    assert sorted(found) == sorted(groups(client)), "the same documents in another order"


def test_pages_by_date_leave_nothing_out_and_an_overtaken_authority_never_alone(client: TestClient) -> None:
    whole = [id_ for id_, _ in groups(client, sort="newest")]
    pages = [[id_ for id_, _ in groups(client, sort="newest", limit="2", offset=str(at))] for at in range(0, 2 * len(whole), 2)]
    assert set(itertools.chain(*pages)) == set(whole)
    on = next(page for page in pages if OLD_TEST in page)
    assert NEW_TEST in on, "what overtook it is on the same page"


def test_ranks_count_on_through_the_documents(client: TestClient) -> None:
    answered = client.get("/api/v1/search", params={"q": QUESTION, "group": "document", "sort": "newest"}).json()
    ranks = [hit["rank"] for group in answered["groups"] for hit in group["hits"]]
    assert ranks == list(range(1, len(ranks) + 1))


def test_an_order_of_date_is_one_of_documents(client: TestClient) -> None:
    asked = {"q": QUESTION, "sort": "newest"}
    answered = client.get("/api/v1/search", params=asked)
    assert answered.json() == client.get("/api/v1/search", params={**asked, "group": "document"}).json()
    assert answered.json()["groups"]
