"""The European Court of Human Rights: a search by ECLI or application number gives the item, its Word file made HTML gives the text.

One judgment has several items: languages, and translations by others, which are not the Court's words. Only the Court's own languages
are taken. Several items that fit are told apart by the catalogue's date; where that does not do it, nothing is taken.
"""

import datetime as dt
import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ingest.sources import recognise
from ingest.sources.client import Client
from ingest.sources.model import Found, Wanted
from ingest.sources.problems import FetchProblem
from ingest.sources.rules import SourceRules
from kb.domain.documents import Document

_ITEM: Final = re.compile(r"(?<!\d)00[1-5]-\d{4,6}(?!\d)")
_ECLI: Final = re.compile(r"ECLI:CE:ECHR:\d{4}:\d{4}(?:JUD|DEC|REP)\d{9}")
_APPLICATION: Final = re.compile(r"\d{1,5}/\d{2}")
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Item:
    """One text in the database. `date` as `YYYY-MM-DD`, empty where it cannot be read."""

    itemid: str
    ecli: str
    language: str
    doctype: str
    applications: tuple[str, ...]
    date: str
    name: str


class Hudoc:
    name = "hudoc"

    def __init__(self, rules: SourceRules) -> None:
        self._own: Mapping[str, Any] = rules.sections["hudoc"]

    def wanted(self, document: Document) -> Sequence[Wanted]:
        ours = document.deciding_state == "CE" or _ECLI.fullmatch(document.id) or document.id.startswith("ECHR-")
        if not ours:
            return []
        hints = {"applications": "|".join(number for number in document.case_numbers if _APPLICATION.fullmatch(number))}
        if found := _ITEM.search(document.official_url or ""):
            hints["itemid"] = found[0]
        if ecli := next((name for name in (document.id, *document.aliases) if _ECLI.fullmatch(name)), None):
            hints["ecli"] = ecli
        if document.date and document.date.precision == "day":
            hints["date"] = document.date.value
        if not (hints["applications"] or "itemid" in hints or "ecli" in hints):
            return []
        return [Wanted(document.id, self.name, "html", document.id, hints)]

    def of(self, item: Item) -> Wanted:
        """The text of a decision that is not in the catalogue."""
        hints = {"itemid": item.itemid, "applications": "|".join(item.applications)}
        return Wanted(item.ecli or item.itemid, self.name, "html", item.ecli or item.itemid, hints)

    def fetch(self, client: Client, wanted: Wanted) -> Found:
        hints = wanted.hints
        itemid = hints.get("itemid") or self._find(client, hints).itemid
        url = self._own["text"].format(itemid=itemid)
        applications = [number for number in hints["applications"].split("|") if number]
        answer = client.get(url, accept="text/html", recognise=recognise.strasbourg(applications), for_document=wanted.document_id)
        return Found(answer, f"{itemid}.html")

    def _find(self, client: Client, hints: Mapping[str, str]) -> Item:
        if ecli := hints.get("ecli"):
            question = f'ecli:"{ecli}"'
        else:
            numbers = hints["applications"].split("|")
            question = " OR ".join(f'appno:"{number}"' for number in numbers)
        items = [i for i in self._items(client, f"({question})") if i.language in self._own["languages"]]
        if ecli := hints.get("ecli"):
            items = [item for item in items if item.ecli == ecli]
        if (day := hints.get("date")) and any(item.date for item in items):
            items = [item for item in items if item.date == day]
        if not items:
            raise FetchProblem("not-found", f"the Court's database has no text in its own languages for {question}")
        for language in self._own["languages"]:
            own = [item for item in items if item.language == language]
            if len(own) == 1:
                return own[0]
            if own:
                break
        raise FetchProblem(
            "ambiguous", f"{question} fits {', '.join(item.itemid for item in items[:5])}: name the item in the catalogue's address"
        )

    def new_items(self, client: Client, since: dt.date, until: dt.date) -> Iterator[Item]:
        """Decisions of these days on the frameworks' articles, in one language each. Raises: FetchProblem."""
        best: dict[str, Item] = {}
        order = list(self._own["languages"])
        for item in self._between(client, since, until):
            if item.language not in order:
                continue
            held = best.get(item.ecli or item.itemid)
            if held is None or order.index(item.language) < order.index(held.language):
                best[item.ecli or item.itemid] = item
        yield from best.values()

    def _between(self, client: Client, since: dt.date, until: dt.date) -> Iterator[Item]:
        span = f'(kpdate>="{since.isoformat()}T00:00:00.0Z" AND kpdate<="{until.isoformat()}T23:59:59.0Z")'
        question = f"({self._own['new']}) AND {span}"
        count = self._page(client, question, 0, 1)[1]
        if count >= self._own["at_most"] and until > since:
            middle = since + (until - since) // 2
            yield from self._between(client, since, middle)
            yield from self._between(client, middle + dt.timedelta(days=1), until)
        elif count:
            yield from self._items(client, question)

    def _items(self, client: Client, question: str) -> Iterator[Item]:
        start, page = 0, self._own["page"]
        while start < self._own["at_most"]:
            items, count = self._page(client, question, start, page)
            yield from items
            start += page
            if start >= count or not items:
                return

    def _page(self, client: Client, question: str, start: int, length: int) -> tuple[list[Item], int]:
        asked = {
            "query": f"{self._own['base']} AND {question}",
            "select": self._own["select"],
            "sort": "kpdate Ascending",
            "start": start,
            "length": length,
            "rankingModelId": self._own["ranking"],
        }
        url = f"{self._own['query']}?{urllib.parse.urlencode(asked, quote_via=urllib.parse.quote)}"
        data = recognise.as_json(client.get(url, accept=_JSON, recognise=recognise.json_with("resultcount", "results")).content, url)
        try:
            return [_item(row["columns"]) for row in data["results"]], int(data["resultcount"])
        except (AttributeError, KeyError, TypeError, ValueError):
            raise FetchProblem("changed-schema", "the Court's database answers with rows that are not known here") from None


def _item(columns: Mapping[str, str]) -> Item:
    return Item(
        itemid=columns["itemid"],
        ecli=columns.get("ecli") or "",
        language=columns.get("languageisocode") or "",
        doctype=columns.get("doctype") or "",
        applications=tuple(number for number in re.split(r"[;,\s]+", columns.get("appno") or "") if _APPLICATION.fullmatch(number)),
        date=_day(columns.get("kpdate") or ""),
        name=columns.get("docname") or "",
    )


def _day(text: str) -> str:
    """`21/01/2011 00:00:00` or ISO, as `YYYY-MM-DD`."""
    if found := re.match(r"(\d{2})/(\d{2})/(\d{4})", text):
        return f"{found[3]}-{found[2]}-{found[1]}"
    return text[:10] if re.match(r"\d{4}-\d{2}-\d{2}", text) else ""
