"""One document as reference managers read it: RIS, BibTeX, CSL-JSON, and the schema.org JSON-LD and `meta` tags of its page.

Only what the document's own data say. A ruling is `CASE` in RIS with its case number in `SV` and its ECLI in `T2` (the reporter, where
Zotero shows it); in CSL it is `legal_case` with the ECLI as `container-title`. A pinpoint goes into the note: reference managers
keep locators with the citation, not with the item.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import rispy
from bibtexparser import middlewares
from bibtexparser.entrypoint import write_string
from bibtexparser.library import Library
from bibtexparser.model import Entry, Field

from kb.domain.courts import Court, Courts
from kb.domain.documents import Document, Kind
from kb.domain.identifiers import Ecli
from kb.domain.pinpoints import Pinpoint
from kb.errors import InvalidIdentifier

STYLES: Final = ("ris", "bibtex", "csl-json")
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "ris": "application/x-research-info-systems",
    "bibtex": "application/x-bibtex",
    "csl-json": "application/vnd.citationstyles.csl+json",
}
RIS_MAPPING: Final[Mapping[str, str]] = {**rispy.TAG_KEY_MAPPING, "SV": "case_number"}
_RIS_TYPES: Final[Mapping[Kind, str]] = {
    Kind.JUDGMENT: "CASE",
    Kind.OPINION: "CASE",
    Kind.VIEWS: "CASE",
    Kind.LETTER: "GOVDOC",
    Kind.DEBATE: "HEAR",
    Kind.REPORT: "RPRT",
    Kind.GUIDE: "RPRT",
    Kind.REGULATION: "STAT",
}
_CSL_TYPES: Final[Mapping[Kind, str]] = {
    Kind.JUDGMENT: "legal_case",
    Kind.OPINION: "legal_case",
    Kind.VIEWS: "legal_case",
    Kind.LETTER: "personal_communication",
    Kind.DEBATE: "hearing",
    Kind.REPORT: "report",
    Kind.GUIDE: "report",
    Kind.REGULATION: "legislation",
}
_BIBTEX_TYPES: Final[Mapping[Kind, str]] = {Kind.REPORT: "techreport", Kind.GUIDE: "techreport"}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Item:
    """What the formats share. `date` is as precise as it is known; `note` holds pinpoint and ready citation."""

    key: str
    document: Document
    title: str
    court: str
    ecli: str
    number: str
    date: tuple[int, ...]
    note: str

    @property
    def iso_date(self) -> str:
        return "-".join(f"{part:02d}" for part in self.date)


def item(document: Document, pinpoint: Pinpoint | None, courts: Courts, citation: str, *, warning: str = "") -> Item:
    """The parts of a reference. `citation` is the ready one, kept as a note so that nothing of it is lost; `warning` is what must stand
    beside it, such as that it was overtaken and by what."""
    court = courts.by_key.get(document.court_key or "") or courts.find(document.court, document.id)
    date = tuple(int(part) for part in document.date.value.split("-")) if document.date else ()
    place = f"{pinpoint.printed or pinpoint.value}. " if pinpoint and pinpoint.is_place else ""
    return Item(
        key=re.sub(r"[^A-Za-z0-9]+", "-", document.id).strip("-"),
        document=document,
        title=document.extra.get("case_name") or document.title,
        court=_court_name(court, document),
        ecli=_ecli(document),
        number=", ".join(document.case_numbers),
        date=date,
        note=f"{place}{citation}{f'. {warning}' if warning else ''}",
    )


def _court_name(court: Court | None, document: Document) -> str:
    return court.names[0] if court else document.court


def _ecli(document: Document) -> str:
    try:
        Ecli.parse(document.id)
    except InvalidIdentifier:
        return ""
    return document.extra.get("printed_id", document.id)


def render(made: Item, style: str) -> str:
    """`ris`, `bibtex` or `csl-json`, as a file of one record. Raises: KeyError for another style."""
    return {"ris": to_ris, "bibtex": to_bibtex, "csl-json": to_csl_json}[style](made)


def render_all(made: Sequence[Item], style: str) -> str:
    """As `render`, for several records in one file; keys of BibTeX are made unique in order. Raises: KeyError for another style."""
    if style == "csl-json":
        return json.dumps([to_csl(one) for one in made], ensure_ascii=False, indent=1) + "\n"
    return "\n".join(render(one, style).strip("\n") + "\n" for one in made)


class _Ris(rispy.RisWriter):  # type: ignore[misc]
    """The library puts a number above each record: no part of the format, and not every importer skips it."""

    def set_header(self, count: int) -> str:  # noqa: ARG002 (the library's signature)
        return ""


def web_address(document: Document) -> str | None:
    """The official address, where it is one that a browser may open: an uploaded document can bring anything."""
    url = document.official_url or ""
    return url if url.startswith(("https://", "http://")) else None


def to_ris(made: Item) -> str:
    document = made.document
    is_case = _RIS_TYPES.get(document.kind) == "CASE"
    entry: dict[str, Any] = {"type_of_reference": _RIS_TYPES.get(document.kind, "GEN"), "title": _one_line(made.title), "id": made.key}
    if is_case:
        entry |= {"publisher": made.court, "secondary_title": made.ecli, "case_number": made.number}
    else:
        entry |= {"authors": [made.court] if made.court else [], "publisher": made.court, "number": made.number}
    if made.date:
        day = "/".join([f"{made.date[0]:04d}", *(f"{part:02d}" for part in made.date[1:])])
        entry |= {"year": f"{made.date[0]:04d}", "date": day + "/" * (3 - len(made.date))}
    if url := web_address(document):
        entry["urls"] = [url]
    entry |= {"language": document.language, "notes": [_one_line(made.note)]}
    fields = {k: v for k, v in entry.items() if v}
    text: str = rispy.dumps([fields], mapping=dict(RIS_MAPPING), skip_unknown_tags=False, implementation=_Ris)
    return text


def to_bibtex(made: Item) -> str:
    document = made.document
    fields: dict[str, str] = {"title": made.title}
    if document.kind in _BIBTEX_TYPES:
        fields["institution"] = made.court
    else:
        fields["organization"] = made.court
    fields |= {"number": made.number, "howpublished": made.ecli, "note": made.note, "language": document.language}
    if made.date:
        fields["year"] = str(made.date[0])
        if len(made.date) > 1:
            fields["month"] = _MONTHS[made.date[1] - 1]
        if len(made.date) > 2:
            fields["day"] = str(made.date[2])
    library = Library()
    encoded = {key: _one_line(value) for key, value in fields.items() if value}
    library.add(Entry(_BIBTEX_TYPES.get(document.kind, "misc"), made.key, [Field(key, value) for key, value in encoded.items()]))
    stack = [middlewares.LatexEncodingMiddleware(keep_math=False), middlewares.AddEnclosingMiddleware(False, True, "{")]
    text = write_string(library, unparse_stack=stack)
    # an address is no prose: its signs stay as they are
    return text.replace("\n}", f",\n\turl = {{{_address(url)}}}\n}}", 1) if (url := web_address(document)) else text


def _address(url: str) -> str:
    return re.sub(r"[{}\\\s]", lambda match: f"%{ord(match[0]):02X}", url)


def to_csl(made: Item) -> dict[str, Any]:
    document = made.document
    entry: dict[str, Any] = {
        "id": made.key,
        "type": _CSL_TYPES.get(document.kind, "document"),
        "title": _one_line(made.title),
        "authority": made.court,
        "container-title": made.ecli,
        "number": made.number,
        "language": document.language,
        "URL": web_address(document),
        "note": _one_line(made.note),
    }
    if document.kind not in (Kind.JUDGMENT, Kind.OPINION, Kind.VIEWS, Kind.REGULATION) and made.court:
        entry["author"] = [{"literal": made.court}]
    if made.date:
        entry["issued"] = {"date-parts": [list(made.date)]}
    return {key: value for key, value in entry.items() if value}


def to_csl_json(made: Item) -> str:
    return json.dumps([to_csl(made)], ensure_ascii=False, indent=1) + "\n"


def to_json_ld(made: Item, *, address: str) -> dict[str, Any]:
    """schema.org metadata of a document's page, with the ECLI and what EU publishers add to it (Council conclusions 2011/C 127/01)."""
    document = made.document
    kind = "Legislation" if document.kind is Kind.REGULATION else "Report" if document.kind in (Kind.REPORT, Kind.GUIDE) else "CreativeWork"
    found = {
        "@context": {"@vocab": "https://schema.org/", "dcterms": "http://purl.org/dc/terms/"},
        "@type": kind,
        "@id": address,
        "name": made.title,
        "identifier": [value for value in (made.ecli or document.id, *document.case_numbers) if value],
        "inLanguage": document.language,
        "datePublished": made.iso_date,
        "creator": {"@type": "Organization", "name": made.court} if made.court else None,
        "sameAs": web_address(document),
        "additionalType": str(document.kind),
        "dcterms:identifier": made.ecli,
        "dcterms:creator": made.court if made.ecli else "",
        "dcterms:date": made.iso_date if made.ecli else "",
        "dcterms:language": document.language if made.ecli else "",
        "dcterms:type": str(document.kind) if made.ecli else "",
    }
    return {key: value for key, value in found.items() if value}


def meta_tags(made: Item) -> list[tuple[str, str]]:
    """(name, content) of the page's `meta` tags, as the browser buttons of reference managers read them."""
    document = made.document
    date = "/".join(f"{part:02d}" for part in made.date)
    tags = [
        ("citation_title", made.title),
        ("citation_author", made.court if document.kind in (Kind.REPORT, Kind.GUIDE, Kind.LETTER) else ""),
        ("citation_publication_date", date),
        ("citation_language", document.language),
        ("DC.title", made.title),
        ("DC.creator", made.court),
        ("DC.date", made.iso_date),
        ("DC.identifier", made.ecli or document.id),
        ("DC.language", document.language),
        ("DC.type", str(document.kind)),
    ]
    return [(name, content) for name, content in tags if content]


def _one_line(text: str) -> str:
    return " ".join(text.split())
