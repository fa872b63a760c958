"""The memo of an assessment as a file: Word or Markdown, Dutch or English, the same content in each."""

from kb.export.assessment import memo
from kb.export.markdown import to_markdown
from kb.export.plain import to_text
from kb.law.assess import Assessment


def memo_markdown(found: Assessment, language: str) -> str:
    """The memo as Markdown in `nl` or `en`."""
    return to_markdown(memo(found, language))


def memo_word(found: Assessment, language: str) -> bytes:
    """The memo as a .docx file in `nl` or `en`; the same assessment gives the same bytes."""
    from kb.export.word import to_word  # loads python-docx, which only this needs

    return to_word(memo(found, language))


def memo_text(found: Assessment, language: str, *, width: int = 100) -> str:
    """The memo as plain text for a terminal, in `nl` or `en`."""
    return to_text(memo(found, language), width=width)
