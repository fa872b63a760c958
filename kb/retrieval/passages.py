"""Which texts say the same: a document's official text and its digests in two languages are one passage to a reader."""

from collections.abc import Sequence

from kb.domain.documents import Document, Passage, TextStatus, Voice
from kb.domain.identifiers import PassageId

CHUNKER = "context-line/1"
_DIGEST_LANGUAGES = ("nl", "en")


def preferred_digest_language(query_language: str) -> str:
    """Digests stand in Dutch and English; a question in another language gets the English ones."""
    return query_language if query_language in _DIGEST_LANGUAGES else "en"


def twin_key(passage: Passage) -> tuple[str, str]:
    """Equal for passages of different texts of a document that stand at the same place."""
    return passage.document_id, PassageId.parse(passage.id).slug


def collapse_twins(passages: Sequence[Passage], query_language: str, *, shown_languages: Sequence[str] = ()) -> dict[str, str]:
    """For each passage id, the id under which its twins are shown: the official text, else the digest in the question's language.

    `shown_languages`: languages asked for by a filter; a digest in another one is not preferred.
    """
    preferred = preferred_digest_language(query_language)
    if shown_languages and preferred not in shown_languages:
        preferred = next((language for language in shown_languages if language in _DIGEST_LANGUAGES), preferred)
    best: dict[tuple[str, str], Passage] = {}
    for passage in passages:
        held = best.get(twin_key(passage))
        if held is None or _preference(passage, preferred) > _preference(held, preferred):
            best[twin_key(passage)] = passage
    return {passage.id: best[twin_key(passage)].id for passage in passages}


def _preference(passage: Passage, language: str) -> tuple[bool, bool, str]:
    return passage.text_status is TextStatus.VERBATIM, passage.language == language, passage.id


def public_id(passage: Passage, query_language: str, *, official_held: bool) -> str:
    """The id a reader sees: plain for the official text, and for the digest in the question's language where no official text
    is held; every other form keeps its suffix. Source: the interface, "passage"."""
    stored = PassageId.parse(passage.id)
    plain = stored.form in ("", "official") or (not official_held and stored.form == f"digest-{preferred_digest_language(query_language)}")
    return str(stored.plain()) if plain else str(stored)


def context_line(document: Document, passage: Passage) -> str:
    """The one line put before a passage when it is embedded: whose document, when, on which states, about what, under which heading.

    It is never shown and never cited. The language is the passage's, as far as the catalogue has both.
    """
    title = document.title_nl if passage.language == "nl" and document.title_nl else document.title
    head = " ".join(part for part in (document.court, document.date.value if document.date else "", ", ".join(document.states)) if part)
    heading = " > ".join(passage.heading_path) if passage.voice is not Voice.DIGEST else ""
    return ". ".join(part for part in (head, title, heading) if part)


def words_of(document: Document, passage: Passage) -> str:
    """What the lexical side counts for a passage: title, heading and the text without its furniture."""
    title = document.title_nl if passage.language == "nl" and document.title_nl else document.title
    return "\n".join(part for part in (title, " ".join(passage.heading_path), passage.display or passage.text) if part)
