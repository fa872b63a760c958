"""Rechtspraak open data: rulings by ECLI, the feed of changes, withdrawals and replacements.

Source: Technische documentatie Open Data van de Rechtspraak, v1.15. The feed is walked by `modified`; pages overlap and are joined by
ECLI, because the manual counts their offsets in two ways. An entry `deleted="doc"` lost its text, `deleted="ecli"` its identifier.
"""

import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ingest.parse.xml import local_name, parse_xml
from ingest.sources import recognise
from ingest.sources.client import Client
from ingest.sources.model import Found, Wanted, safe_name
from ingest.sources.problems import FetchProblem
from ingest.sources.rules import SourceRules
from kb.domain.documents import Document
from kb.errors import InputRejected

_ECLI: Final = re.compile(r"ECLI:NL:(?!XX:)[A-Z][A-Z0-9]{0,6}:\d{4}:[A-Z0-9.]{1,25}")
_COUNT: Final = re.compile(r"Aantal gevonden ECLI's:\s*(\d+)")
_XML: Final = "application/xml, text/xml;q=0.9"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the feed. `updated` as printed, ISO 8601."""

    ecli: str
    title: str
    summary: str
    updated: str
    deleted: Literal["doc", "ecli"] | None


class Rechtspraak:
    name = "rechtspraak"

    def __init__(self, rules: SourceRules) -> None:
        self._rules = rules
        self._own: Mapping[str, Any] = rules.sections["rechtspraak"]

    def wanted(self, document: Document) -> Sequence[Wanted]:
        ecli = next((name for name in (document.id, *document.aliases) if _ECLI.fullmatch(name)), None)
        return [Wanted(document.id, self.name, "xml", document.id, {"ecli": ecli})] if ecli else []

    def of(self, ecli: str) -> Wanted:
        return Wanted(ecli, self.name, "xml", ecli, {"ecli": ecli})

    def fetch(self, client: Client, wanted: Wanted) -> Found:
        ecli = wanted.hints["ecli"]
        url = self._own["content"].format(ecli=urllib.parse.quote(ecli, safe=":"))
        answer = client.get(url, accept=_XML, recognise=recognise.rechtspraak(ecli), for_document=wanted.document_id)
        return Found(answer, safe_name(ecli, ".xml"))

    def replacement(self, client: Client, ecli: str) -> str | None:
        """The ECLI at the end of the chain of replacements; None where the register names none.

        Raises: FetchProblem `replacement-loop` where the chain comes back to itself or does not end.
        """
        seen, at = [ecli], ecli
        while len(seen) <= self._own["replacements"]:
            url = self._own["metadata"].format(ecli=urllib.parse.quote(at, safe=":"))
            try:
                answer = client.get(url, accept=_XML, recognise=recognise.rechtspraak_entry(at))
            except FetchProblem as problem:
                if problem.reason == "not-found":
                    return at if at != ecli else None
                raise
            following = recognise.replaced_by(answer.content)
            if following is None:
                return at if at != ecli else None
            if following in seen:
                break
            seen.append(following)
            at = following
        raise FetchProblem("replacement-loop", f"{ecli}: the replacements do not end ({' -> '.join(seen)})")

    def entries(self, client: Client, parameters: Mapping[str, Sequence[str]], since: str) -> Iterator[Entry]:
        """The feed's entries changed since a moment (ISO 8601), each ECLI once, oldest change first.

        Raises: FetchProblem, also where the feed announces more entries than it gives.
        """
        page, overlap = self._own["page"], self._own["overlap"]
        asked = [("modified", since if "T" in since else f"{since}T00:00:00"), ("sort", "ASC"), ("max", str(page))]
        asked += [(name, value) for name, values in parameters.items() for value in values]
        seen: set[tuple[str, str]] = set()
        offset, announced = 0, 0
        while True:
            query = urllib.parse.urlencode([*asked, ("from", str(offset))])
            url = f"{self._own['feed']}?{query}"
            answer = client.get(url, accept="application/atom+xml, application/xml;q=0.9", recognise=recognise.feed)
            entries, announced = read_feed(answer.content, url)
            fresh = [entry for entry in entries if (entry.ecli, entry.updated) not in seen]
            yield from fresh
            seen |= {(entry.ecli, entry.updated) for entry in fresh}
            if len(entries) < page or not fresh:
                break
            offset += page - overlap
        if len({ecli for ecli, _ in seen}) < announced:
            raise FetchProblem("changed-schema", f"the feed announces {announced} rulings and gives {len(seen)}")


def read_feed(content: bytes, url: str) -> tuple[list[Entry], int]:
    """The entries of one page, and how many the whole answer has. Raises: FetchProblem `changed-schema`."""
    try:
        root = parse_xml(content)
    except InputRejected as problem:
        raise FetchProblem("changed-schema", f"{url}: {problem}") from None
    counted = _COUNT.search(next((str(node.text) for node in root if local_name(node) == "subtitle"), ""))
    if counted is None:
        raise FetchProblem("changed-schema", f"{url}: the feed does not say how many rulings were found")
    entries = []
    for node in root:
        if local_name(node) != "entry":
            continue
        fields = {local_name(child): (child.text or "").strip() for child in node}
        ecli = _ECLI.fullmatch(fields.get("id", "").upper())
        deleted = next((str(value) for name, value in node.attrib.items() if str(name).rpartition("}")[2] == "deleted"), None)
        if deleted not in (None, "doc", "ecli"):
            raise FetchProblem("changed-schema", f"{url}: an entry is marked deleted={deleted!r}, which is not known here")
        if not fields.get("updated"):
            raise FetchProblem("changed-schema", f"{url}: an entry without the time of its change")
        if ecli:
            kind: Literal["doc", "ecli"] | None = "doc" if deleted == "doc" else "ecli" if deleted == "ecli" else None
            entries.append(Entry(ecli[0], fields.get("title", ""), fields.get("summary", ""), fields["updated"], kind))
    return entries, int(counted[1])
