"""What must be true of every parsed document, whatever its format."""

from itertools import pairwise

from ingest.parse.model import ParsedDocument, coverage
from kb.domain.pinpoints import PinpointKind


def hold_together(document: ParsedDocument, *, covered: float = 1.0) -> None:
    """Fails unless passages lie in the text, in order, without overlap, and cover it outside the furniture."""
    last = -1
    notes = {p.pinpoint.slug for p in document.passages if p.pinpoint and p.pinpoint.kind is PinpointKind.FOOTNOTE}
    marks = bytearray(len(document.text))
    for passage in document.passages:
        assert 0 <= passage.start < passage.end <= len(document.text)
        assert passage.start >= last
        last = passage.start
        spans = passage.spans or ((passage.start, passage.end),)
        assert (spans[0][0], spans[-1][1]) == (passage.start, passage.end)
        assert all(a < b for a, b in spans)
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
        assert document.text[passage.start : passage.end].strip(), "a passage of blanks"
        assert set(passage.footnotes) <= notes
        for a, b in spans:
            assert not any(marks[a:b]), f"held twice: {document.text[a:b][:60]!r}"
            marks[a:b] = b"\x01" * (b - a)
    for a, b in document.furniture:
        assert 0 <= a < b <= len(document.text)
        assert not any(marks[a:b]), f"held twice: {document.text[a:b][:60]!r}"
        marks[a:b] = b"\x01" * (b - a)
    assert coverage(document) >= covered
