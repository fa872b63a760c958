"""opendata.rijksoverheid.nl: country reports (ambtsberichten) and other government documents, as JSON that points to files.

An item has a GUID and no official identifier: what it holds is kept under the hash of its bytes, as any file without one.
"""

import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ingest.sources import recognise
from ingest.sources.client import Client
from ingest.sources.model import Found, Wanted, safe_name
from ingest.sources.problems import FetchProblem
from ingest.sources.rules import SourceRules
from kb.domain.documents import Document

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_ADDRESS: Final = re.compile(r"https://opendata\.rijksoverheid\.nl/\S*/documents/(?P<guid>[0-9a-f-]{36})", re.I)


class Rijksoverheid:
    name = "rijksoverheid"

    def __init__(self, rules: SourceRules) -> None:
        self._own: Mapping[str, Any] = rules.sections["rijksoverheid"]

    def wanted(self, document: Document) -> Sequence[Wanted]:
        found = _ADDRESS.search(document.official_url or "")
        return [Wanted(document.id, self.name, "pdf", document.id, {"guid": found["guid"]})] if found else []

    def fetch(self, client: Client, wanted: Wanted) -> Found:
        guid = wanted.hints["guid"]
        address = wanted.hints.get("file")
        if address is None:
            url = f"{self._own['item'].format(guid=guid)}?output=json"
            data = recognise.as_json(client.get(url, accept="application/json", recognise=recognise.json_with("id")).content, url)
            address = _pdf(data)
            if address is None:
                raise FetchProblem("not-in-this-form", f"{url}: the item holds no PDF")
        answer = client.get(address, accept="application/pdf", recognise=recognise.magic(b"%PDF-"), for_document=wanted.document_id)
        return Found(answer, safe_name(guid, ".pdf"))

    def new_reports(self, client: Client, since: str) -> Iterator[Wanted]:
        """Country reports changed since a day (`YYYY-MM-DD`) whose titles name what the rules look for. Raises: FetchProblem."""
        offset, page = 0, self._own["page"]
        seen: set[str] = set()
        while True:
            asked = {
                "output": "json",
                "rows": page,
                "offset": offset,
                "type": self._own["type"],
                "lastmodifiedsince": since.replace("-", ""),
            }
            url = f"{self._own['documents']}?{urllib.parse.urlencode(asked)}"
            answer = client.get(url, accept="application/json", recognise=_list)
            items = recognise.as_json(answer.content, url)
            before = len(seen)
            for item in items:
                guid, title = str(item.get("id", "")), str(item.get("title", "")).casefold()
                if not _GUID.fullmatch(guid):
                    raise FetchProblem("changed-schema", f"{url}: an item without a GUID")
                if guid in seen:
                    continue
                seen.add(guid)
                address = _pdf(item)
                if address and any(word in title for word in self._own["titles"]):
                    yield Wanted(f"rijksoverheid/{guid}", self.name, "pdf", None, {"guid": guid, "file": address})
            if len(items) < page or len(seen) == before:  # a server that does not count pages must not be asked for ever
                return
            offset += page


def _list(content: bytes, headers: Mapping[str, str], url: str) -> None:
    if recognise.is_page(content, headers):
        raise FetchProblem("not-a-document", f"{url} answers with a web page in place of JSON")
    data = recognise.as_json(content, url)
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise FetchProblem("changed-schema", f"{url}: the answer is no list of documents")


def _pdf(item: Mapping[str, Any]) -> str | None:
    files = item.get("files")
    if not isinstance(files, list):
        return None
    for file in files:
        if isinstance(file, dict) and str(file.get("mimetype", "")).lower() in ("application/pdf", "pdf") and file.get("fileurl"):
            return urllib.parse.urljoin("https://www.rijksoverheid.nl/", str(file["fileurl"]))
    return None
