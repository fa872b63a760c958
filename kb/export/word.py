"""A memo as a Word file: real headings, real footnotes, A4. The same memo gives the same bytes."""

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph as WordParagraph
from docx_plus.notes import FootnoteIdRegistry, add_footnote

from kb.export.content import Block, Bullets, Heading, Memo, Paragraph, Picture, Run, Sides, Table

_FONT = "Arial"
_INK, _QUIET, _STOP = RGBColor(0x1A, 0x1A, 0x1A), RGBColor(0x55, 0x55, 0x55), RGBColor(0x8A, 0x1C, 0x00)
_HEAD_FILL, _NOTICE_FILL, _RULE = "E8EDF3", "F3F6F9", "B8C2CC"
_TONES = {"plain": "Normal", "quiet": "Quiet", "notice": "Notice", "stop": "Stop", "quote": "Normal"}
_TAGS = {"nl": "nl-NL", "en": "en-GB", "de": "de-DE", "da": "da-DK", "fr": "fr-FR", "el": "el-GR"}
_PAGE_MM = (210, 297)
_MARGIN_MM = 20
_TEXT_MM = _PAGE_MM[0] - 2 * _MARGIN_MM
_PICTURE_MM = 158  # wide: an A4 page as a picture then leaves room for its words
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def to_word(memo: Memo) -> bytes:
    """The memo as a .docx file. Its only date is the day on which it was made."""
    document = docx.Document()
    _set_page(document, memo)
    _set_styles(document, memo.language)
    _set_properties(document, memo)
    writer = _Writer(document, memo.language)
    for block in memo.blocks:
        writer.block(block)
    return _packed(document)


class _InOrder(FootnoteIdRegistry):
    """Footnotes numbered 1, 2, 3 as they come: the library draws its ids by lot."""

    def next(self) -> int:
        number = len(self._issued) + 1
        self._issued.add(number)
        return number


class _Writer:
    def __init__(self, document: WordDocument, language: str) -> None:
        self.document, self.language = document, language
        self.notes = _InOrder(document)
        self.bookmarks = 0

    def block(self, block: Block) -> None:
        match block:
            case Heading():
                style = "Title" if block.level == 1 else f"Heading {block.level - 1}"
                made = self.document.add_paragraph(block.text, style=style)
                made.paragraph_format.page_break_before = block.new_page or None
                if block.anchor:
                    self.bookmark(made, block.anchor)
            case Paragraph():
                self.fill(self.document.add_paragraph(style=_TONES[block.tone]), block.runs)
            case Bullets():
                for item in block.items:
                    self.fill(self.document.add_paragraph(style="List Bullet"), item)
            case Table():
                self.table(block.head, block.rows, block.widths)
            case Sides():
                self.table(block.heads, block.rows, (50, 50))
            case Picture():
                self.picture(block)

    def fill(self, paragraph: WordParagraph, runs: Iterable[Run]) -> None:
        after_note = False
        for run in runs:
            if run.page_of:
                _field(paragraph, f"PAGEREF {run.page_of}", dirty=True)
            if run.text:
                made = paragraph.add_run(run.text)
                if run.anchor:
                    _link(made, run.anchor)
                made.bold, made.italic = run.bold or None, run.italic or None
                if run.language and run.language != self.language:
                    _set_language(made._r.get_or_add_rPr(), run.language)
                after_note = False
            if run.footnote:
                if after_note:
                    paragraph.add_run(" ").font.superscript = True
                add_footnote(paragraph, f" {run.footnote}", id_registry=self.notes)
                after_note = True

    def picture(self, block: Picture) -> None:
        made = self.document.add_picture(io.BytesIO(block.png), width=Mm(_PICTURE_MM))
        # read aloud by screen readers, and by Word where the picture cannot be shown
        made._inline.docPr.set("descr", block.words)
        made._inline.docPr.set("name", "page")
        self.fill(self.document.add_paragraph(style="Quiet"), (Run(block.words),))

    def bookmark(self, paragraph: WordParagraph, name: str) -> None:
        self.bookmarks += 1
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for mark in (start, end):
            mark.set(qn("w:id"), str(self.bookmarks))
        start.set(qn("w:name"), name)
        paragraph.runs[0]._r.addprevious(start)
        paragraph._p.append(end)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Sequence[Paragraph]]], widths: Sequence[int]) -> None:
        if not rows:
            return
        table = self.document.add_table(rows=0, cols=len(widths))
        table.autofit = False
        _set_borders(table._tbl, head=bool(head))
        if head:
            cells = table.add_row().cells
            for cell, word in zip(cells, head, strict=True):
                cell.paragraphs[0].style = self.document.styles["Cell"]
                cell.paragraphs[0].add_run(word).bold = True
                _shade(cell, _HEAD_FILL)
            _repeat(table.rows[0]._tr)
        for row in rows:
            made = table.add_row()
            for cell, paragraphs in zip(made.cells, row, strict=True):
                self.cell(cell, paragraphs)
        for column, share in zip(table.columns, widths, strict=True):
            column.width = Mm(_TEXT_MM * share / 100)
            for cell in column.cells:
                cell.width = Mm(_TEXT_MM * share / 100)
        # a table needs a paragraph behind it, and air
        self.document.add_paragraph(style="Gap")

    def cell(self, cell: _Cell, paragraphs: Sequence[Paragraph]) -> None:
        first = cell.paragraphs[0]
        first.style = self.document.styles["Cell"]
        for at, paragraph in enumerate(paragraphs):
            target = first if at == 0 else cell.add_paragraph()
            target.style = self.document.styles["Cell" if paragraph.tone in ("plain", "quote") else _TONES[paragraph.tone]]
            self.fill(target, paragraph.runs)


def _set_page(document: WordDocument, memo: Memo) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(_PAGE_MM[0]), Mm(_PAGE_MM[1])
    section.left_margin = section.right_margin = Mm(_MARGIN_MM)
    section.top_margin = section.bottom_margin = Mm(_MARGIN_MM)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    foot.add_run(f"{memo.running} · {memo.page_words[0]} ")
    _field(foot, "PAGE")
    foot.add_run(f" {memo.page_words[1]} ")
    _field(foot, "NUMPAGES")
    for run in foot.runs:
        run.font.size, run.font.color.rgb = Pt(8), _QUIET


def _set_styles(document: WordDocument, language: str) -> None:
    styles = document.styles
    _font(styles["Normal"], 10, _INK)
    _set_language(styles["Normal"].element.get_or_add_rPr(), language)
    normal = styles["Normal"].paragraph_format
    normal.space_after, normal.line_spacing = Pt(5), 1.12
    normal.widow_control = True
    for name, size, before in (("Title", 19, 0), ("Heading 1", 14, 16), ("Heading 2", 11.5, 14), ("Heading 3", 10.5, 10)):
        _font(styles[name], size, RGBColor(0x15, 0x42, 0x73), bold=True)
        styles[name].paragraph_format.space_before, styles[name].paragraph_format.space_after = Pt(before), Pt(5)
        styles[name].paragraph_format.keep_with_next = True
    _drop_border(styles["Title"])
    _font(styles["List Bullet"], 10, _INK)
    styles["List Bullet"].paragraph_format.space_after = Pt(3)
    for name, size, colour in (("Cell", 9, _INK), ("Quiet", 8, _QUIET), ("Stop", 8, _STOP), ("Notice", 10, _INK), ("Gap", 4, _INK)):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        _font(style, size, colour)
        style.paragraph_format.space_after = Pt(2 if name != "Notice" else 6)
        style.paragraph_format.line_spacing = 1.05
    _fill_paragraphs(styles["Notice"], _NOTICE_FILL)
    note = styles.add_style("Footnote Text", WD_STYLE_TYPE.PARAGRAPH)
    note.base_style = styles["Normal"]
    _font(note, 8, _INK)
    note.paragraph_format.space_after, note.paragraph_format.line_spacing = Pt(1), 1.0
    mark = styles.add_style("Footnote Reference", WD_STYLE_TYPE.CHARACTER)
    mark.font.superscript = True


def _set_properties(document: WordDocument, memo: Memo) -> None:
    made = dt.datetime.combine(dt.date.fromisoformat(memo.made_on), dt.time(), dt.UTC)
    core = document.core_properties
    core.title, core.language = memo.title, _TAGS.get(memo.language, memo.language)
    core.author = core.last_modified_by = "dublin-kb"
    core.comments = core.keywords = core.subject = ""
    core.created = core.modified = made.replace(tzinfo=None)
    core.revision = 1


def _packed(document: WordDocument) -> bytes:
    """The package with every time in it fixed, its parts in one order."""
    first, packed = io.BytesIO(), io.BytesIO()
    document.save(first)
    with zipfile.ZipFile(first) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name != "_rels/.rels", name)):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            new.writestr(entry, old.read(name))
    return packed.getvalue()


def _font(style: Any, size: float, colour: RGBColor, *, bold: bool | None = None) -> None:
    style.font.name, style.font.size, style.font.color.rgb = _FONT, Pt(size), colour
    if bold is not None:
        style.font.bold = bold
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(name), _FONT)
    for name in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
        fonts.attrib.pop(qn(name), None)


def _set_language(properties: Any, language: str) -> None:
    element = properties.find(qn("w:lang"))
    if element is None:
        element = OxmlElement("w:lang")
        properties.append(element)
    element.set(qn("w:val"), _TAGS.get(language, language))


def _link(run: Any, anchor: str) -> None:
    """Puts a run into a link to a bookmark of the same file."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), anchor)
    run._r.addprevious(link)
    link.append(run._r)


def _field(paragraph: WordParagraph, code: str, *, dirty: bool = False) -> None:
    """`dirty`: the program that opens the file works the value out; it is not known here."""
    for kind, text in (("begin", None), (None, code), ("separate", None), (None, None), ("end", None)):
        run = paragraph.add_run("" if kind is not None or text is not None else "…" if dirty else "1")
        if kind is not None:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            if dirty and kind == "begin":
                mark.set(qn("w:dirty"), "true")
            run._r.append(mark)
        elif text is not None:
            words = OxmlElement("w:instrText")
            words.set(qn("xml:space"), "preserve")
            words.text = f" {text} "
            run._r.append(words)


def _set_borders(table: Any, *, head: bool) -> None:
    properties = table.tblPr
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH", *(("insideV",) if head else ())):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", _RULE)):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    _insert(properties, borders, before=("w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook"))


def _shade(cell: _Cell, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _fill_paragraphs(style: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    _insert(style.element.get_or_add_pPr(), shade, before=("w:tabs", "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:outlineLvl"))


def _insert(parent: Any, child: Any, *, before: Sequence[str]) -> None:
    """Into the place that the schema wants: Word refuses a file whose elements stand in another order."""
    later = [element for element in parent if element.tag in {qn(name) for name in before}]
    if later:
        later[0].addprevious(child)
    else:
        parent.append(child)


def _drop_border(style: Any) -> None:
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def _repeat(row: Any) -> None:
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row.get_or_add_trPr().append(mark)
