"""The last look before a text counts as a document: prose, not a server's complaint and not noise."""

from ingest.parse import patterns
from kb.errors import InputRejected

_MIN_LETTER_SHARE = 0.4  # of the characters that are not blank; tables of figures in reports keep about 0.5
_MIN_LETTERS = 20
_MAX_MEAN_WORD = 40  # characters; German statutes stay below 10


def refuse_error_text(text: str) -> None:
    """Nothing for a text that can be a document.

    Raises: InputRejected `error-text` for a short text that holds a known complaint (corpus/patterns/error-texts.toml), `no-text` for
    fewer than 20 letters, `unreadable-text` where less than 40 % of the characters are letters, or the blanks between words are lost.
    """
    known = patterns.load("error-texts")
    if len(text) < known["short_below"]:
        folded = " ".join(text.lower().split())
        for phrase in known["phrases"]:
            if phrase in folded:
                raise InputRejected("error-text", f"this is an error message, not a document: it says {phrase!r}; fetch it again")
    letters = sum(c.isalpha() for c in text)
    solid = sum(not c.isspace() for c in text)
    if letters < _MIN_LETTERS:
        raise InputRejected("no-text", f"only {letters} letters in it: no text that can be cited")
    if solid > _MAX_MEAN_WORD * len(text.split()):
        raise InputRejected("unreadable-text", "its words are longer than words are: the blanks between them are lost")
    if letters < _MIN_LETTER_SHARE * solid:
        raise InputRejected("unreadable-text", f"only {letters} of {solid} characters are letters: not readable as prose")
