"""The memo as a file: the same content in each form, the same bytes for the same case, and words of others stay words."""

import datetime as dt
import io
import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from docx.text.paragraph import Paragraph as WordParagraph
from docx_plus.notes import read_footnotes
from lxml import etree

from kb.export.assessment import memo
from kb.export.content import Bullets, Heading, Memo, Run, Sides, Table, all_runs, clean, excerpt, footnotes, para
from kb.export.markdown import to_markdown
from kb.export.memo import memo_markdown, memo_text, memo_word
from kb.export.phrases import PHRASES, VOICES
from kb.export.plain import to_text
from kb.export.word import to_word
from kb.law.assess import Assessment
from kb.law.case import Case
from kb.wiring import KnowledgeBase

TODAY = dt.date(2026, 11, 24)
ATHENS = {
    "nationality": "SY", "member_state": "GR", "status_there": "refugee", "decided_on": "2026-03-02", "registered_on": "2025-11-03",
    "housing": "homeless in Athens", "children": "two children, 3 and 6", "cites": ["ECLI:NL:RVS:2018:1795"],
    "narrative": "Eurodac hit. Zij is depressief.",
}  # fmt: skip
HOSTILE = "<script>alert(1)</script> | **b** [x](javascript:1) \u202e `code` \x07 # h & <img src=x>"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def assessed(base: KnowledgeBase, language: str = "nl", **more: object) -> Assessment:
    return base.assess(Case.parse({**ATHENS, **more}), today=TODAY, language=language)


@pytest.fixture(scope="module")
def athens(light_index: KnowledgeBase) -> Assessment:
    return assessed(light_index)


def part(content: bytes, name: str) -> etree._Element:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return etree.fromstring(package.read(name))


def texts(element: etree._Element) -> str:
    return " ".join("".join(p.itertext(f"{W}t")) for p in element.iter(f"{W}p"))


# --- content ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nl", "en"])
def test_warnings_and_gaps_come_before_the_steps_and_the_record_comes_last(athens: Assessment, language: str) -> None:
    say = PHRASES[language]
    heads = [block.text for block in memo(athens, language).blocks if isinstance(block, Heading) and block.level == 2]
    assert heads == [say[name] for name in ("warnings", "gaps", "facts", "test", "elements", "table", "manifest")]


def test_both_sides_stand_in_one_table_with_columns_of_equal_width(athens: Assessment) -> None:
    sides = [block for block in memo(athens, "nl").blocks if isinstance(block, Sides)]
    assert len(sides) == len(athens.elements)
    for block, item in zip(sides, athens.elements, strict=True):
        assert len(block.rows) == max(1, len(item.supporting), len(item.contrary))
    tables = part(memo_word(athens, "nl"), "word/document.xml").iter(f"{W}tbl")
    widths = [[g.get(f"{W}w") for g in table.iter(f"{W}gridCol")] for table in tables]
    assert sum(len(row) == 2 and row[0] == row[1] for row in widths) >= len(sides)


def test_a_digest_is_called_a_digest_and_no_quotation(athens: Assessment) -> None:
    text = memo_markdown(athens, "nl")
    assert "samenvatting in eigen woorden, geen citaat" in text
    assert "officiële tekst;" not in text, "the corpus alone holds digests only"


def test_every_overtaken_source_in_the_table_names_its_successor(athens: Assessment) -> None:
    table = next(block for block in memo(athens, "nl").blocks if isinstance(block, Table) and block.head[:1] == ("Bron",))
    rows = [[" ".join(run.text for p in cell for run in p.runs) for cell in row] for row in table.rows]
    overtaken = [status for _, status in rows if status.startswith("achterhaald")]
    assert overtaken
    assert all("Noem daarbij:" in status for status in overtaken)
    assert len({source for source, _ in rows}) == len(rows), "each source stands in the table once"


def test_proposed_facts_are_marked_as_not_used(athens: Assessment) -> None:
    text = memo_text(athens, "nl")
    assert "Voorgesteld uit het relaas, niet gebruikt" in text
    assert "depressief" in text


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_form_holds_the_same_words(athens: Assessment, language: str) -> None:
    content = memo(athens, language)
    word, markdown, plain = memo_word(athens, language), memo_markdown(athens, language), memo_text(athens, language)
    in_word = clean(texts(part(word, "word/document.xml"))) + clean(texts(part(word, "word/footnotes.xml")))
    flat = [re.sub(r"[\W_]+", "", text) for text in (in_word, markdown, plain)]
    for run in all_runs(content.blocks):
        sought = re.sub(r"[\W_]+", "", clean(run.text))
        assert sought in flat[0], run.text
        assert sought in flat[1], run.text


def test_the_phrases_are_the_same_in_dutch_and_english() -> None:
    assert set(PHRASES["nl"]) == set(PHRASES["en"])
    assert set(VOICES["nl"]) == set(VOICES["en"])
    assert all(text.strip() for phrases in PHRASES.values() for text in phrases.values())


# --- Word ------------------------------------------------------------------------------------------------------------------------------


def test_the_same_case_gives_the_same_bytes(light_index: KnowledgeBase, athens: Assessment) -> None:
    assert memo_word(athens, "nl") == memo_word(assessed(light_index), "nl")
    assert memo_word(athens, "nl") != memo_word(athens, "en")


def test_footnotes_are_real_and_numbered_in_the_order_of_the_text(athens: Assessment) -> None:
    content = memo_word(athens, "nl")
    called = [int(mark.get(f"{W}id", "")) for mark in part(content, "word/document.xml").iter(f"{W}footnoteReference")]
    assert called == list(range(1, len(called) + 1))
    notes = read_footnotes(docx.Document(io.BytesIO(content)))
    assert [note.text.strip() for note in notes] == [clean(note) for note in footnotes(memo(athens, "nl").blocks)]
    assert any("ABRvS 28 juli 2021" in note.text for note in notes)


def test_a_package_holds_no_time_but_the_day_it_was_made_on(athens: Assessment) -> None:
    content = memo_word(athens, "nl")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = package.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d{2}-\d{2}T[\d:]+Z", core)) == {"2026-11-24T00:00:00Z"}


def test_headings_language_and_repeated_table_heads_are_real(athens: Assessment) -> None:
    content = memo_word(athens, "nl")
    document = docx.Document(io.BytesIO(content))
    styles = [p.style.name for p in document.paragraphs if isinstance(p, WordParagraph) and p.style]
    assert styles[0] == "Title"
    assert styles.count("Heading 2") >= len(athens.elements)
    assert document.core_properties.language == "nl-NL"
    body = part(content, "word/document.xml")
    assert sum(1 for _ in body.iter(f"{W}tblHeader")) >= len(athens.elements)


def test_the_schema_order_that_word_insists_on_is_kept(athens: Assessment) -> None:
    for properties in part(memo_word(athens, "nl"), "word/document.xml").iter(f"{W}tblPr"):
        names = [child.tag.removeprefix(W) for child in properties]
        order = ["tblStyle", "tblW", "jc", "tblBorders", "shd", "tblLayout", "tblCellMar", "tblLook"]
        assert names == sorted(names, key=order.index)


# --- words of others ---------------------------------------------------------------------------------------------------------------------


def test_hostile_facts_stay_words_in_every_form(light_index: KnowledgeBase) -> None:
    found = assessed(light_index, housing=HOSTILE, narrative=f"Zij was dakloos {HOSTILE}")
    markdown = memo_markdown(found, "nl")
    assert "<script>" not in markdown
    assert "\\<script\\>" in markdown
    assert "](javascript" not in markdown.replace("\\]", "")
    assert "\x07" not in markdown
    assert "\u202e" not in markdown
    body = part(memo_word(found, "nl"), "word/document.xml")
    assert "<script>alert(1)</script>" in texts(body)
    assert "\u202e" not in memo_text(found, "nl")


def test_a_text_that_word_cannot_hold_is_cleaned_not_refused() -> None:
    assert clean("a\x00b\ud800c\u202ed\n e") == "abcd e"
    content = Memo("t", "nl", "2026-11-24", "r", ("p", "v"), (para(Run(clean("x\x0by\ufffe"), footnote="n")), Bullets(())))
    assert part(to_word(content), "word/document.xml") is not None


def test_an_excerpt_is_cut_at_a_sentence_and_the_cut_is_shown() -> None:
    text = "Eerste zin is lang genoeg. Tweede zin volgt hier. Derde zin."
    assert excerpt(text, 50) == "Eerste zin is lang genoeg. Tweede zin volgt hier. […]"
    assert excerpt(text, 500) == text
    assert excerpt("x" * 100, 10) == "x" * 10 + " […]"


def test_a_line_that_looks_like_a_list_or_a_heading_is_a_line() -> None:
    content = Memo("t", "nl", "2026-11-24", "r", ("p", "v"), (para("1. geen lijst"), para("- geen lijst"), para("# geen kop")))
    assert to_markdown(content).splitlines() == ["\\1. geen lijst", "", "\\- geen lijst", "", "\\# geen kop"]
    assert "1. geen lijst" in to_text(content)


# --- on paper --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("soffice") is None or shutil.which("pdftotext") is None, reason="LibreOffice and poppler are not here")
@pytest.mark.slow
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_memo_becomes_pages(athens: Assessment, language: str, tmp_path: Path) -> None:
    path = tmp_path / "memo.docx"
    path.write_bytes(memo_word(athens, language))
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
    ]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=180, env={**os.environ, "HOME": str(tmp_path)})
    shown = subprocess.run(["pdftotext", "-layout", str(tmp_path / "memo.pdf"), "-"], check=True, capture_output=True, timeout=60)
    pages = shown.stdout.decode("utf-8").split("\f")
    say = PHRASES[language]
    assert len(pages) > 5
    assert say["warnings"] in pages[0]
    assert say["manifest"] in " ".join(pages[-8:])
    footed = [page for page in pages if page.strip()]
    assert all(re.search(rf"{say['page']} \d+ {say['of']} {len(footed)}", page) for page in footed)


def test_a_replayed_memo_says_what_changed(light_index: KnowledgeBase, athens: Assessment) -> None:
    changed = replace(athens.manifest, corpus_sha256="0" * 64)
    text = memo_markdown(light_index.replay(changed), "nl")
    assert "Gewijzigd sinds dit overzicht is gemaakt" in text
    assert "het corpus is gewijzigd" in text
    assert "niet in het dossierbestand bewaard" in text
