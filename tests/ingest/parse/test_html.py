"""A web page gives what a reader sees: its words and their places, no scripts, menus or hidden parts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse import registry
from ingest.parse.html import HtmlParser, numbered_paragraphs
from ingest.parse.model import ParsedDocument
from kb.domain.documents import Kind, Voice
from kb.errors import InputRejected
from tests.ingest.parse.golden import compare
from tests.ingest.parse.holding import hold_together

HERE = Path(__file__).parents[2]
GOLDEN = HERE / "golden" / "html"
REAL = HERE.parent / ".." / "shared" / "real"
PARSER = HtmlParser()
FILLER = "<p>Een gewone alinea met genoeg letters om een tekst te zijn.</p>"


def read(body: str, head: str = "") -> ParsedDocument:
    (document,) = PARSER.parse(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode(), "x.html")
    hold_together(document)
    return document


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.html")), ids=lambda path: path.stem)
def test_a_page_is_read_as_reviewed(path: Path) -> None:
    (document,) = PARSER.parse(path.read_bytes(), path.name)
    hold_together(document)
    compare(document, path.with_suffix(".json"))


def test_a_page_of_a_known_publisher_has_its_voice() -> None:
    (document,) = PARSER.parse((GOLDEN / "rapport.html").read_bytes(), "rapport.html")
    assert (document.metadata.kind, document.metadata.language, document.metadata.published_on) == (Kind.REPORT, "en", "2023-03-14")
    assert {p.voice for p in document.passages} == {Voice.NGO}


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>zichtbaar()</script>",
        "<style>zichtbaar{}</style>",
        "<nav>zichtbaar</nav>",
        '<div role="navigation">zichtbaar</div>',
        '<p style="display: none">zichtbaar</p>',
        "<p hidden>zichtbaar</p>",
        '<p aria-hidden="true">zichtbaar</p>',
        "<template><p>zichtbaar</p></template>",
        "<noscript>zichtbaar</noscript>",
        "<!-- zichtbaar -->",
        '<iframe src="x">zichtbaar</iframe>',
        "<select><option>zichtbaar</option></select>",
    ],
)
def test_what_a_reader_does_not_see_is_not_in_the_text(hidden: str) -> None:
    assert "zichtbaar" not in read(FILLER + hidden + FILLER).text


def test_a_page_wrapped_in_one_form_is_still_read() -> None:
    assert "gewone alinea" in read(f"<form>{FILLER}<input value='x'></form>").text


def test_a_script_closed_in_itself_does_not_hide_the_rest() -> None:
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><script src="x.js" /></head><body>{FILLER}</body></html>'
    (document,) = PARSER.parse(page.encode(), "x.html")
    assert len(document.passages) == 1


def test_only_web_addresses_become_links() -> None:
    document = read(
        f"{FILLER}<p>Zie <a href='javascript:alert(1)'>dit</a>, <a href='http://[x'>wat</a>, <a href='data:text/html,x'>dat</a> en <a href='https://example.org/a'>daar</a>.</p>"
    )
    assert [(document.text[link.start : link.end], link.target) for link in document.links] == [("daar", "https://example.org/a")]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("<html><head><title>Just a moment...</title></head><body>Checking your browser before accessing</body></html>", "error-text"),
        ("<html><body><h1>404 Not Found</h1><p>nginx</p></body></html>", "error-text"),
        ("<html><body><div id='app'></div></body></html>", "no-text"),
        ("<html><body><h1>Een lange kop zonder enige tekst daaronder</h1></body></html>", "no-text"),
    ],
)
def test_a_page_that_is_no_document_is_refused(page: str, reason: str) -> None:
    with pytest.raises(InputRejected) as caught:
        PARSER.parse(page.encode(), "x.html")
    assert caught.value.reason == reason


def test_numbers_count_only_in_an_unbroken_row_from_one() -> None:
    assert numbered_paragraphs(["1. a", "2. b", "x", "3. c", "7. d"]) == {0: "1", 1: "2", 3: "3"}
    assert numbered_paragraphs(["12 maart", "1. a", "2. b"]) == {}


_TAGS = ["<p>", "</p>", "<div>", "</div>", "<h2>Kop</h2>", "<ul><li>punt", "</li></ul>", "<table><tr><td>cel", "</td></tr></table>", "<br>"]
_WORDS = ["<a href='https://x.nl'>", "</a>", "tekst ", " los", "&nbsp;", "<b>vet</b>", "<pre>a\n b</pre>", "<script>x</script>", "\n"]
_PIECES = st.sampled_from([*_TAGS, *_WORDS])


@given(st.lists(_PIECES, max_size=25))
def test_no_page_loses_or_doubles_a_character(pieces: list[str]) -> None:
    read(FILLER + "".join(pieces))


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="../shared/real is absent")
def test_the_real_pages_are_covered() -> None:
    for path in sorted(REAL.glob("overheid-xml/*.html")):
        content = path.read_bytes()
        (document,) = PARSER.parse(content, path.name)
        hold_together(document)
        assert len(document.passages) >= 5
        assert registry.sniff(content[:4096], path.name).name == "html"
