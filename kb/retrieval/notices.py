"""What a search tells besides its hits, in English and Dutch: stable codes, sentences for people."""

import datetime as dt
from collections.abc import Sequence

from kb.domain.documents import TextStatus
from kb.domain.results import Notice, Searched


def nothing_relevant(searched: Searched) -> Notice:
    span_en = f", {searched.earliest} to {searched.latest}" if searched.earliest else ""
    span_nl = f", {searched.earliest} tot en met {searched.latest}" if searched.earliest else ""
    languages = ", ".join(searched.languages)
    counted = f"{searched.documents} {{}}, {searched.passages} {{}}"
    return Notice(
        "nothing-relevant",
        {
            "en": f"Nothing relevant found in this corpus ({counted.format('documents', 'passages')}, {languages}{span_en}). "
            "This is not proof that no authority exists.",
            "nl": f"Niets relevants gevonden in dit corpus ({counted.format('documenten', 'passages')}, {languages}{span_nl}). "
            "Dat bewijst niet dat er geen rechtspraak of bron is.",
        },
    )


def not_in_corpus(text: str) -> Notice:
    return Notice(
        "not-in-corpus",
        {
            "en": f"No document {text!r} is held in this corpus. Below is what the words of the question find, if anything.",
            "nl": f"Het document {text!r} staat niet in dit corpus. Hieronder staat wat de woorden van de vraag vinden, als dat er is.",
        },
    )


def nothing_to_leave_out(names: Sequence[str]) -> Notice:
    asked = ", ".join(repr(name) for name in names)
    return Notice(
        "not-left-out",
        {
            "en": f"To be left out: {asked}, which no document in this corpus is called. Nothing was left out for it.",
            "nl": f"Weg te laten: {asked}, maar zo heet geen document in dit corpus. Daarvoor is niets weggelaten.",
        },
    )


def named_but_filtered(ids: Sequence[str]) -> Notice:
    return Notice(
        "filtered-out",
        {
            "en": f"{', '.join(ids)} is in this corpus, but not within the filters and the as-of date that were set.",
            "nl": f"{', '.join(ids)} staat in dit corpus, maar niet binnen de gekozen filters en peildatum.",
        },
        tuple(ids),
    )


def read_as(typed: str, understood: str) -> Notice:
    return Notice("read-as", {"en": f"{typed!r} was read as {understood}.", "nl": f"{typed!r} is gelezen als {understood}."})


def partial_dates(ids: Sequence[str]) -> Notice:
    return Notice(
        "partial-date",
        {
            "en": "Of some documents only the month or year is known; whether they lie within the dates asked for is not certain: "
            + ", ".join(ids),
            "nl": "Van sommige documenten is alleen de maand of het jaar bekend; of zij binnen de gevraagde data vallen is niet zeker: "
            + ", ".join(ids),
        },
        tuple(ids),
    )


def undated_left_out(count: int) -> Notice:
    return Notice(
        "undated-left-out",
        {
            "en": f"{count} passages of documents without a known date were left out by the date filter.",
            "nl": f"{count} passages uit documenten zonder bekende datum zijn door het datumfilter weggelaten.",
        },
    )


def later_left_out(count: int, as_of: dt.date) -> Notice:
    return Notice(
        "as-of",
        {
            "en": f"The corpus is shown as it stood on {as_of.isoformat()}: {count} later passages are left out.",
            "nl": f"Het corpus wordt getoond naar de stand van {as_of.isoformat()}: {count} latere passages zijn weggelaten.",
        },
    )


def text_status_words(status: TextStatus) -> dict[str, str]:
    """How a reader is told whose text it is."""
    words = {
        TextStatus.VERBATIM: {"en": "official text", "nl": "officiële tekst"},
        TextStatus.DIGEST: {
            "en": "digest in our own words, not the text of the document",
            "nl": "samenvatting in eigen woorden, niet de tekst van het document",
        },
        TextStatus.TRANSLATION: {"en": "translation, not evidence", "nl": "vertaling, geen bewijs"},
    }
    return words[status]
