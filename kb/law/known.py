"""Since when a document can have been known: its date, else its publication, else the newest date among what it cites."""

from kb.domain.dates import LegalDate
from kb.domain.documents import Document
from kb.store.library import Library


def known_since(library: Library) -> dict[str, LegalDate | None]:
    """Document id -> the first date at which it can have existed; None where nothing tells.

    A ruling that applies a judgment of 2024 was not there in 2020, even when its own day is in no source.
    """
    documents = {document.id: document for document in library.documents()}
    treated: dict[str, list[str]] = {}
    for edge in library.treatments():
        treated.setdefault(edge.by, []).append(edge.of)

    def newest(document: Document) -> LegalDate | None:
        named = [*treated.get(document.id, ()), *(link.target for link in library.citations_from(document.id))]
        cited = (documents.get(document_id) for document_id in named if document_id != document.id)
        return max((other.date for other in cited if other and other.date), key=lambda date: date.first_day, default=None)

    return {document.id: document.date or document.published_on or newest(document) for document in documents.values()}
