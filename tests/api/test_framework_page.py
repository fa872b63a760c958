"""The pages of the legal tests over the shipped law: what was known on a day, every version with its address, authorities in time."""

import datetime as dt
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from lxml import html
from lxml.html import HtmlElement

from api.app import create_app
from api.web.pictures import Mark, Node, graph, short, timeline
from kb.wiring import KnowledgeBase

REFOULEMENT = "/frameworks/indirect-refoulement"


@pytest.fixture(scope="module")
def law(light_index: KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(light_index.settings, light_index), base_url="http://127.0.0.1:8000") as opened:
        yield opened


def page(client: TestClient, address: str, language: str = "en") -> HtmlElement:
    answered = client.get(address, headers={"Accept-Language": language})
    assert answered.status_code == 200, answered.text[:300]
    return html.document_fromstring(answered.text)


def words(node: HtmlElement) -> str:
    return " ".join(node.text_content().split())


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("framework", ["indirect-refoulement", "ibrahim-threshold"])
def test_every_version_has_an_address_at_which_it_is_the_one_shown(law: TestClient, framework: str, language: str) -> None:
    tree = page(law, f"/frameworks/{framework}", language)
    versions = tree.xpath("//ol[@class='versions']/li")
    assert len(versions) >= 3
    for item in versions:
        for link in item.xpath("./a"):
            there = page(law, link.get("href"), language)
            assert words(there.xpath("//ol[@class='versions']//strong[@aria-current]")[0]) == words(link)
        assert item.xpath("./a | ./strong"), "every version can be reached"


def test_a_ruling_of_a_later_day_is_not_shown_for_an_earlier_one(law: TestClient) -> None:
    text = words(page(law, f"{REFOULEMENT}?as_of=2023-01-15").xpath("//main")[0])
    assert "ECLI:NL:RVS:2022:1864" in text
    assert "202304791/1/V2" not in text, "12 June 2024 was yet to come"
    assert "2024" not in words(page(law, f"{REFOULEMENT}?as_of=2023-01-15").xpath("//section[@aria-labelledby='timeline']")[0])
    body = law.get("/api/v1/frameworks/indirect-refoulement?as_of=2023-01-15").json()
    assert body["version"]["replaced"] is None
    assert "RVS:202304791/1/V2" not in str(body)


def test_after_the_change_of_course_the_page_says_what_overtook_what(law: TestClient) -> None:
    tree = page(law, f"{REFOULEMENT}?as_of=2024-09-01")
    rows = {words(row.xpath("./th")[0]): row for row in tree.xpath("//section[@aria-labelledby='timeline']//tbody/tr")}
    old = next(row for name, row in rows.items() if "ECLI:NL:RVS:2022:1864" in name)
    assert "Overtaken" in words(old)
    assert old.xpath(".//td[last()]/a/@href") == ["/documents/RVS:202304791/1/V2"]
    assert "12 June 2024" in words(old)


def test_the_picture_has_its_name_its_words_and_no_style_of_its_own(law: TestClient) -> None:
    tree = page(law, REFOULEMENT)
    picture = tree.xpath("//svg[@role='img']")[0]
    ids = set(tree.xpath("//@id"))
    assert picture.get("aria-labelledby") in ids
    assert picture.get("aria-describedby") in ids
    assert not tree.xpath("//@style | //style")
    assert len(tree.xpath("//svg//circle")) == len(tree.xpath("//section[@aria-labelledby='timeline']//tbody/tr"))


def test_an_element_says_burden_standard_what_counts_what_does_not_what_is_open_and_how_far_it_was_checked(law: TestClient) -> None:
    tree = page(law, "/frameworks/ibrahim-threshold")
    text = words(tree.xpath("//section[@aria-labelledby='elements']")[0])
    for said in (
        "Who must show it",
        "Standard",
        "What counts",
        "What does not count",
        "seen in the source",
        "For the applicant",
        "Against the applicant",
    ):
        assert said in text
    assert tree.xpath("//*[contains(@class, 'open-law')]")
    assert tree.xpath("//section[@aria-labelledby='sources']//li")
    order = [words(a) for a in tree.xpath("//nav[contains(@class, 'jumps')]//a")]
    assert order[0].startswith("1. ")
    ids = set(tree.xpath("//@id"))
    assert all(a.get("href")[1:] in ids for a in tree.xpath("//nav[contains(@class, 'jumps')]//a"))


# -- geometry ----------------------------------------------------------------------------------------------------------------------


def test_a_line_ends_where_its_authority_was_overtaken_and_points_to_what_overtook_it() -> None:
    old = Mark("a", "ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864", dt.date(2022, 7, 6), dt.date(2024, 6, 12), ("b",))
    new = Mark("b", "ABRvS 12 juni 2024, nr. 202304791/1/V2", dt.date(2024, 6, 12))
    made = timeline([new, old], [("2022", dt.date(2022, 7, 6))], dt.date(2026, 1, 1))
    assert made is not None
    first, second = made.bars
    assert (first.label, first.overtaken, second.overtaken) == ("ABRvS 6 juli 2022, 2022:1864", True, False)
    assert first.x < first.end == second.x < second.end
    assert [(arrow.x, arrow.y, arrow.to_y) for arrow in made.arrows] == [(first.end, first.y, second.y)]
    assert all(0 <= value <= made.width for bar in made.bars for value in (bar.x, bar.end))


def test_what_is_later_than_the_day_is_neither_a_line_nor_a_cross() -> None:
    old = Mark("a", "A", dt.date(2022, 7, 6), dt.date(2024, 6, 12), ("b",))
    new = Mark("b", "B", dt.date(2024, 6, 12))
    made = timeline([new, old], [], dt.date(2023, 1, 15))
    assert made is not None
    assert [bar.overtaken for bar in made.bars] == [False]
    assert made.arrows == []
    assert timeline([new], [], dt.date(2023, 1, 15)) is None


def test_one_day_alone_is_a_picture_too() -> None:
    made = timeline([Mark("a", "A", dt.date(2023, 1, 1))], [], dt.date(2023, 1, 1))
    assert made is not None
    assert made.bars[0].x <= made.bars[0].end


@pytest.mark.parametrize(
    ("citation", "label"),
    [
        ("HvJ EU 19 maart 2019, C-297/17, ECLI:EU:C:2019:219 (Ibrahim)", "HvJ EU 19 maart 2019, C-297/17"),
        ("ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864", "ABRvS 6 juli 2022, 2022:1864"),
        ("x" * 60, "x" * 33 + "…"),
        ("", ""),
    ],
)
def test_a_label_is_as_short_as_tells_it_from_others(citation: str, label: str) -> None:
    assert short(citation) == label


def test_a_graph_has_earlier_documents_left_and_later_ones_right() -> None:
    made = graph("me", [Node("old")], [Node("new", "overtaken"), Node("other")])
    assert made is not None
    by_label = {box.label: box for box in made.boxes}
    assert by_label["old"].x < made.middle.x < by_label["new"].x == by_label["other"].x
    assert by_label["new"].effect == "overtaken"
    assert len(made.curves) == 3
    assert graph("me", [], []) is None
    many = graph("me", [], [Node(str(n)) for n in range(40)])
    assert many is not None
    assert len(many.boxes) == 12
    assert all(0 <= box.y <= many.height for box in many.boxes)
