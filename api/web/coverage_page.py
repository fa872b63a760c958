"""What the corpus holds and what it does not, how well the search finds it, and how to report an error: the page about ourselves.

Counts come from the index that answers questions, accuracy from the pinned scores of the harness (`evals/collections/*/expected.toml`)
where the repository stands beside the corpus. Nothing here is estimated.
"""

import json
import threading
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from api import countries, deps
from api.web import pages
from api.web.contexts import safe_url
from api.web.i18n import Words
from api.web.pictures import Columns, columns
from api.web.report import report_link
from api.web.sources_checked import sources_checked
from kb.domain.documents import Document, Kind, TextStatus

if TYPE_CHECKING:
    from kb.wiring import View

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class CourtRow:
    court: str
    documents: int
    official: int  # of which the official text is held
    verified: int
    newest: str | None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A publisher's site, as the official addresses name it."""

    host: str
    documents: int
    official: int
    newest: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """What one generation holds, counted."""

    documents: int
    passages: int
    made_on: str
    courts: list[CourtRow]
    sources: list[SourceRow]
    years: list[tuple[int, int]]
    undated: int
    states: list[tuple[str, int]]
    languages: list[tuple[str, int]]
    texts: list[tuple[str, int]]
    kinds: list[tuple[str, int]]
    tracks: list[tuple[str, int]]
    verification: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Score:
    """The pinned scores of one collection; shares from 0 to 1."""

    collection: str
    title: str
    shows_not: str
    date: str
    documents: int
    questions: int
    ndcg: float
    hit: float | None
    pinpoint: float | None
    overtaken_alone: int | None


@router.get("/coverage")
def coverage(request: Request) -> Response:
    """Coverage by court, country, year, language and verification; accuracy; reporting."""
    language, _ = pages.chosen_language(request)
    t = Words(language)
    base = deps.services(request).knowledge_base
    held = _held(base.view())
    scores, by_language = accuracy(base.settings.corpus_dir.parent / "evals" / "collections")
    return pages.render(
        request,
        "coverage.html",
        held=held,
        chart=_chart(held),
        checked=sources_checked(base.settings.data_dir),
        report_link=report_link(base.settings.report_to, "", t),
        scores=scores,
        by_language=by_language,
        label=lambda name, value: countries.name(value, language) if name == "state" else t.or_self(name, value),
        percent=lambda share: f"{round(share * 100)} %" if share is not None else "–",
        decimal=lambda share: f"{share:.2f}".replace(".", "," if language == "nl" else "."),
    )


_counted: dict[str, Held] = {}
_counting = threading.Lock()


def _held(view: "View") -> Held:
    """Counted once a generation: it looks at every document."""
    key = f"{view.generation.library.path} {view.generation.manifest.content_sha256}"
    with _counting:
        if key not in _counted:
            _counted.clear()
            _counted[key] = count(view)
        return _counted[key]


def count(view: "View") -> Held:
    library, manifest = view.library, view.generation.manifest
    documents = [document for document in library.documents() if document.kind is not Kind.GUIDE]
    official = set(library.documents_with_form("official"))
    languages: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    for document in documents:
        for expression in library.expressions(document.id, with_text=False):
            if expression.current:
                languages[expression.language] += 1
                is_file = document.is_file and expression.text_status is TextStatus.VERBATIM
                texts["file" if is_file else str(expression.text_status)] += 1
    years = Counter(int(document.date.value[:4]) for document in documents if document.date)
    span = range(min(years), max(years) + 1) if years else range(0)
    return Held(
        documents=len(documents),
        passages=manifest.passages,
        made_on=manifest.made_at[:10],
        courts=[
            CourtRow(court, len(own), sum(d.id in official for d in own), sum(d.verification == "verified" for d in own), _newest(own))
            for court, own in _grouped((document.court, document) for document in documents)
        ],
        sources=[
            SourceRow(host, len(own), sum(d.id in official for d in own), _newest(own))
            for host, own in _grouped((_host(document), document) for document in documents)
            if host
        ],
        years=[(year, years[year]) for year in span],
        undated=sum(document.date is None for document in documents),
        states=Counter(state for document in documents for state in document.states).most_common(),
        languages=languages.most_common(),
        texts=texts.most_common(),
        kinds=Counter(str(document.kind) for document in documents).most_common(),
        tracks=Counter(str(document.track or "none") for document in documents).most_common(),
        verification=Counter(document.verification or "text" for document in documents).most_common(),
    )


def _grouped(pairs: Iterable[tuple[str, Document]]) -> list[tuple[str, list[Document]]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for key, document in pairs:
        found[key].append(document)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def _host(document: Document) -> str:
    address = safe_url(document.official_url)
    return (urlsplit(address).hostname or "").removeprefix("www.") if address else ""


def _newest(documents: Iterable[Document]) -> str | None:
    return max((document.date.value for document in documents if document.date), default=None)


def _chart(held: Held) -> Columns | None:
    """The last thirty years; what is older stands in the table."""
    return columns([(str(year), n) for year, n in held.years][-30:])


def accuracy(directory: Path) -> tuple[list[Score], list[tuple[str, int, float]]]:
    """The pinned scores of every collection, and nDCG@10 by the language of the question (code, questions, mean); empty where the
    repository of the harness is not beside the corpus, or a file of it cannot be read."""
    scores: list[Score] = []
    by_language: dict[str, list[float]] = defaultdict(list)
    for path in sorted(directory.glob("*/expected.toml")):
        try:
            pinned = tomllib.loads(path.read_text(encoding="utf-8"))
            card = tomllib.loads((path.parent / "card.toml").read_text(encoding="utf-8"))
            lines = (path.parent / "queries.jsonl").read_text(encoding="utf-8").splitlines()
            spoken = {entry["qid"]: entry["lang"] for entry in map(json.loads, filter(None, lines))}
            measures, questions = pinned["measures"], pinned["questions"]
            scores.append(
                Score(
                    collection=path.parent.name,
                    title=str(card.get("title", path.parent.name)),
                    shows_not=str(card.get("shows_not", "")),
                    date=str(pinned["date"]),
                    documents=int(pinned["documents"]),
                    questions=len(questions),
                    ndcg=float(measures["nDCG@10"]),
                    hit=measures.get("hit@1"),
                    pinpoint=measures.get("pinpoint"),
                    overtaken_alone=pinned.get("counts", {}).get("overtaken_alone"),
                )
            )
            if path.parent.name == "asylum-dev":
                for qid, score in questions.items():
                    by_language[spoken.get(qid, "?")].append(float(score))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return scores, sorted(((code, len(each), fmean(each)) for code, each in by_language.items()), key=lambda item: (-item[1], item[0]))
