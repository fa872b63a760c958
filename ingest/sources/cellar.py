"""The Court of Justice through CELLAR: texts by CELEX or ECLI in the languages wanted, and new decisions on the frameworks' acts.

EUR-Lex itself answers programs with a bot check; CELLAR negotiates language (three letters) and format, and leads on with 303.
A plain literal in SPARQL matches nothing, without an error: acts are typed strings.
"""

import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ingest.sources import recognise
from ingest.sources.client import Client
from ingest.sources.model import Found, Wanted, safe_name
from ingest.sources.problems import FetchProblem
from ingest.sources.rules import SourceRules
from kb.domain.documents import Document, Kind

_ECLI: Final = re.compile(r"ECLI:EU:[CTF]:\d{4}:\d{1,5}")
_CELEX: Final = re.compile(r"(?<![A-Za-z0-9])6(?P<year>\d{4})(?P<court>[CTF])(?P<type>[A-Z])(?P<number>\d{4})(?![A-Za-z0-9])")
_CASE: Final = re.compile(r"[CTF]-\d{1,4}/\d{2}")
_NEXT_FORM: Final = frozenset({"not-found", "not-in-this-form", "not-a-document", "no-text"})
_STRING: Final = "^^<http://www.w3.org/2001/XMLSchema#string>"


@dataclass(frozen=True, slots=True)
class NewDecision:
    celex: str
    ecli: str
    date: str


class Cellar:
    name = "cellar"

    def __init__(self, rules: SourceRules) -> None:
        self._own: Mapping[str, Any] = rules.sections["cellar"]

    def wanted(self, document: Document) -> Sequence[Wanted]:
        """One text a language: the catalogue's own, then those of the rules."""
        if document.kind not in (Kind.JUDGMENT, Kind.OPINION, Kind.OTHER) or document.deciding_state not in ("EU", None):
            return []
        names = [document.id, *document.aliases, urllib.parse.unquote(document.official_url or "")]
        ecli = next((found[0] for name in names if (found := _ECLI.search(name))), None)
        celex = next((found for name in names if (found := _CELEX.search(name))), None)
        if not ecli and not celex:
            return []
        cases = [found[0] for number in document.case_numbers if (found := _CASE.match(number))]
        return self._texts(document.id, ecli, celex[0] if celex else None, cases, document.language)

    def of(self, ecli: str, celex: str | None) -> Sequence[Wanted]:
        """The texts of a decision that is not in the catalogue."""
        return self._texts(ecli, ecli, celex, [], None)

    def _texts(self, document_id: str, ecli: str | None, celex: str | None, cases: Sequence[str], own: str | None) -> list[Wanted]:
        found = _CELEX.search(celex or "")
        identities = list(cases) or ([_case_of(found)] if found else [])
        if ecli:
            identities.append(ecli.removeprefix("ECLI:"))
        hints = {"identities": "|".join(identities), **({"ecli": ecli} if ecli else {}), **({"celex": celex} if celex else {})}
        codes = self._own["codes"]
        languages = dict.fromkeys(code for code in (own, *self._own["languages"]) if code in codes)
        further = {**hints, "optional": "yes"}
        return [Wanted(document_id, self.name, code, document_id, further if n else hints) for n, code in enumerate(languages)]

    def fetch(self, client: Client, wanted: Wanted) -> Found:
        hints = wanted.hints
        if celex := hints.get("celex"):
            url = self._own["by_celex"].format(celex=celex)
        else:
            url = self._own["by_ecli"].format(ecli=urllib.parse.quote(hints["ecli"], safe=""))
        named = hints.get("ecli") or hints["celex"]
        refusals: list[FetchProblem] = []
        for form in self._own["formats"]:
            try:
                answer = client.get(
                    url,
                    accept=form["accept"],
                    language=self._own["codes"][wanted.part],
                    recognise=recognise.court_of_justice([name for name in hints["identities"].split("|") if name], form["suffix"]),
                    for_document=wanted.document_id,
                )
            except FetchProblem as problem:
                if problem.reason not in _NEXT_FORM:
                    raise
                refusals.append(problem)
                continue
            return Found(answer, safe_name(named, f".{wanted.part}.{form['suffix']}"))
        # what is not there in any form is not there in this language; a page in place of a text says more
        raise next((problem for problem in refusals if problem.reason == "not-a-document"), refusals[0])

    def new_decisions(self, client: Client, since: str) -> Iterator[NewDecision]:
        """Decisions from this day on that cite an act the frameworks rest on, oldest first. Raises: FetchProblem."""
        page, offset = self._own["page"], 0
        seen: set[str] = set()
        acts = " ".join(f'"{act}"{_STRING}' for act in self._own["acts"])
        while True:
            query = self._own["query"] % {"acts": acts, "since": since, "limit": page, "offset": offset}
            url = f"{self._own['sparql']}?{urllib.parse.urlencode({'query': ' '.join(query.split())})}"
            answer = client.get(url, accept="application/sparql-results+json", recognise=recognise.json_with("head", "results"))
            results = recognise.as_json(answer.content, url)["results"]
            rows = results.get("bindings") if isinstance(results, dict) else None
            if not isinstance(rows, list):
                raise FetchProblem("changed-schema", f"{url[:80]}…: results without bindings")
            before = len(seen)
            for row in rows:
                try:
                    celex, ecli, date = (str(row[name]["value"]) for name in ("celex", "ecli", "date"))
                except (KeyError, TypeError):
                    raise FetchProblem("changed-schema", f"{url[:80]}…: a row lacks celex, ecli or date") from None
                if celex in seen:
                    continue
                seen.add(celex)
                if _CELEX.fullmatch(celex) and _ECLI.fullmatch(ecli):
                    yield NewDecision(celex, ecli, date)
            if len(rows) < page or len(seen) == before:  # a server that does not count pages must not be asked for ever
                return
            offset += page


def _case_of(celex: re.Match[str]) -> str:
    """The case number that a CELEX stands for: 62017CJ0297 is C-297/17."""
    return f"{celex['court']}-{int(celex['number'])}/{celex['year'][2:]}"
