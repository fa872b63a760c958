"""Parliamentary papers: officielebekendmakingen.nl for what is published, Tweede Kamer open data for what has only its number there.

The XML holds the text and no pages, the PDF the pages and no structure: the XML is taken, the PDF only where there is none. A fresh
paper has a temporary id and is renamed on publication; what is asked for is always dossier and number.
"""

import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ingest.parse.xml import local_name, parse_xml
from ingest.sources import recognise
from ingest.sources.client import Client
from ingest.sources.model import Found, Wanted, safe_name
from ingest.sources.problems import FetchProblem
from ingest.sources.rules import SourceRules
from kb.domain.documents import Document
from kb.errors import InputRejected

_KST: Final = re.compile(r"kst-(?P<dossier>\d{4,6})(?:-[A-Z]{1,5}|-\([A-Z0-9]+\))?-[A-Z0-9]{1,5}", re.I)
_PRINTED: Final = re.compile(
    r"Kamerstuk(?:ken)?(?: I{1,2})?[^0-9]*(?:\d{4}/\d{2},? )?(?P<dossier>\d{2} ?\d{3}),? (?:nr\.? ?)?(?P<number>\d{1,5})"
)
_NUMBER: Final = re.compile(r"\b20\d{2}[DZ]\d{5}\b")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_SUFFIXES: Final = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}


class Publications:
    """officielebekendmakingen.nl and repository.overheid.nl."""

    name = "officielebekendmakingen"

    def __init__(self, rules: SourceRules) -> None:
        self._own: Mapping[str, Any] = rules.sections["officielebekendmakingen"]

    def wanted(self, document: Document) -> Sequence[Wanted]:
        paper = paper_id(document)
        return [Wanted(document.id, self.name, "text", document.id, {"id": paper})] if paper else []

    def of(self, paper: str) -> Wanted:
        return Wanted(paper, self.name, "text", paper, {"id": paper})

    def fetch(self, client: Client, wanted: Wanted) -> Found:
        paper = wanted.hints["id"]
        url = self._own["text"].format(id=paper)
        try:
            answer = client.get(
                url, accept="application/xml, text/xml;q=0.9", recognise=recognise.paper(paper), for_document=wanted.document_id
            )
            return Found(answer, safe_name(paper, ".xml"))
        except FetchProblem as problem:
            if problem.reason != "not-found":
                raise
        url = self._own["pdf"].format(id=paper)
        answer = client.get(url, accept="application/pdf", recognise=recognise.magic(b"%PDF-"), for_document=wanted.document_id)
        return Found(answer, safe_name(paper, ".pdf"))

    def changed(self, client: Client, dossier: str, since: str) -> Iterator[str]:
        """Ids of the papers of a dossier that were published or changed since a day. Raises: FetchProblem."""
        start, page = 1, self._own["page"]
        while start < 10_000:
            query = self._own["query"].format(dossier=dossier, since=since)
            asked = {"operation": "searchRetrieve", "version": "2.0", "query": query, "startRecord": start, "maximumRecords": page}
            url = f"{self._own['sru']}?{urllib.parse.urlencode(asked)}"
            answer = client.get(url, accept="application/xml", recognise=recognise.xml_named("searchRetrieveResponse"))
            ids, count = _records(answer.content, url)
            yield from ids
            start += page
            if start > count:
                return


class TweedeKamer:
    """Documents by their number (`2021D21905`) in the open data of the House of Representatives."""

    name = "tweedekamer"

    def __init__(self, rules: SourceRules) -> None:
        self._own: Mapping[str, Any] = rules.sections["tweedekamer"]

    def wanted(self, document: Document) -> Sequence[Wanted]:
        if paper_id(document):
            return []
        names = (document.id, *document.case_numbers, document.official_url or "")
        number = next((found[0] for name in names if (found := _NUMBER.search(name))), None)
        return [Wanted(document.id, self.name, "file", document.id, {"number": number})] if number else []

    def of(self, paper: str, number: str) -> Wanted:
        """A paper that has its number in a dossier and is not yet published elsewhere."""
        return Wanted(paper, self.name, "file", paper, {"number": number})

    def changed(self, client: Client, dossier: str, since: str) -> Iterator[tuple[str, str]]:
        """(`kst-<dossier>-<number>`, document number) of a dossier's papers changed since a day; those without a number in it are
        left out. Raises: FetchProblem."""
        condition = f"Verwijderd eq false and Kamerstukdossier/any(d: d/Nummer eq {dossier}) and GewijzigdOp ge {since}T00:00:00Z"
        asked = {"$filter": condition, "$expand": "Kamerstukdossier", "$orderby": "GewijzigdOp", "$top": self._own["page"]}
        url = f"{self._own['documents']}?{urllib.parse.urlencode(asked, quote_via=urllib.parse.quote)}"
        for row in _rows(client, url):
            number = str(row.get("DocumentNummer", ""))
            dossiers = row.get("Kamerstukdossier")
            if not _NUMBER.fullmatch(number) or not isinstance(dossiers, list):
                raise FetchProblem("changed-schema", f"{url[:80]}…: a row without its number or its dossiers")
            within = row.get("Volgnummer")
            for held in dossiers:
                if isinstance(held, dict) and str(held.get("Nummer")) == dossier and isinstance(within, int) and within > 0:
                    addition = f"-{held['Toevoeging']}" if held.get("Toevoeging") else ""
                    yield f"kst-{dossier}{addition}-{within}", number

    def fetch(self, client: Client, wanted: Wanted) -> Found:
        number = wanted.hints["number"]
        condition = f"Verwijderd eq false and DocumentNummer eq '{number}'"
        url = f"{self._own['documents']}?{urllib.parse.urlencode({'$filter': condition, '$top': 2}, quote_via=urllib.parse.quote)}"
        rows = _rows(client, url)
        if not rows:
            raise FetchProblem("not-found", f"the open data of the House has no document {number}")
        if len(rows) > 1:
            raise FetchProblem("ambiguous", f"{number} names more than one document")
        row = rows[0]
        guid, kind = str(row.get("Id", "")), str(row.get("ContentType", "")).partition(";")[0].strip().lower()
        if not _GUID.fullmatch(guid) or row.get("DocumentNummer") != number:
            raise FetchProblem("changed-schema", f"{url[:80]}…: the row is not the document {number}")
        if kind not in _SUFFIXES:
            raise FetchProblem("not-in-this-form", f"{number} is held as {kind or 'nothing'}; a PDF or Word file is read")
        address = self._own["file"].format(guid=guid)
        answer = client.get(address, accept=kind, recognise=recognise.office_file, for_document=wanted.document_id)
        return Found(answer, safe_name(number, f".{_SUFFIXES[kind]}"))


def _rows(client: Client, url: str) -> list[Mapping[str, Any]]:
    """All rows of an OData question, following its `nextLink`."""
    rows: list[Mapping[str, Any]] = []
    following: str | None = url
    while following and len(rows) < 10_000:
        data = recognise.as_json(
            client.get(following, accept="application/json", recognise=recognise.json_with("value")).content, following
        )
        if not isinstance(data["value"], list) or not all(isinstance(row, dict) for row in data["value"]):
            raise FetchProblem("changed-schema", f"{following[:80]}…: `value` is no list of rows")
        rows += data["value"]
        following = str(link) if (link := data.get("@odata.nextLink")) else None
    return rows


def paper_id(document: Document) -> str | None:
    """`kst-<dossier>-<number>` of a catalogued paper, from its id, its other names or its number as printed."""
    for name in (document.id, *document.aliases, document.official_url or ""):
        if found := _KST.search(name):
            return found[0]
    for name in (document.id, *document.case_numbers):
        if found := _PRINTED.fullmatch(name):
            return f"kst-{found['dossier'].replace(' ', '')}-{found['number']}"
    return None


def dossier_of(document: Document) -> str | None:
    paper = paper_id(document)
    found = _KST.fullmatch(paper) if paper else None
    return found["dossier"] if found else None


def _records(content: bytes, url: str) -> tuple[list[str], int]:
    try:
        root = parse_xml(content)
    except InputRejected as problem:
        raise FetchProblem("changed-schema", f"{url[:80]}…: {problem}") from None
    count = next((node.text or "" for node in root if local_name(node) == "numberofrecords"), "")
    if not count.strip().isdigit():
        raise FetchProblem("changed-schema", f"{url[:80]}…: the answer does not say how many papers were found")
    ids = []
    for record in (node for node in root.iter() if local_name(node) == "record"):
        own = [(node.text or "").strip() for node in record.iter() if local_name(node) == "identifier"]
        ids += [text for text in own[:1] if _KST.fullmatch(text)]
    return ids, int(count)
