"""Fifty catalogued documents at their publishers, as a replay server tells of them; the world changes between runs."""

import datetime as dt
import json
import re
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.corpus import load_corpus, safe_file_name
from ingest.sources.builder import PipelineStore
from ingest.sources.client import Client, Log
from ingest.sources.plan import Sources
from ingest.sources.rules import SourceRules
from ingest.sources.run import Order, Report, Run
from ingest.sources.state import State
from kb.adapters.memory import MemoryEngine
from kb.domain.documents import Document
from kb.domain.identifiers import canonical_document_id
from kb.store.generations import Generations
from kb.store.library import Library
from tests.ingest.builds import ROOT, pipeline
from tests.ingest.sources import shapes
from tests.ingest.sources.replay import Clock, Question, Replay, Reply

SHARES = {"rechtspraak": 32, "cellar": 9, "hudoc": 5, "officielebekendmakingen": 4}


def corpus_of(folder: Path, shares: dict[str, int]) -> list[Document]:
    """A corpus directory with the first documents of the shipped catalogue that each publisher serves; treatment among them alone."""
    sources = Sources.of(SourceRules.load(ROOT / "corpus"))
    left = dict(shares)
    chosen: dict[str, str] = {}
    for document, _, _ in load_corpus(ROOT / "corpus").documents:
        texts = sources.wanted(document)
        if texts and left.get(texts[0].source, 0):
            left[texts[0].source] -= 1
            chosen[document.id] = texts[0].source
    assert not any(left.values()), f"the catalogue has too few documents of {left}"
    for name in ("catalogue", "digests", "guides"):
        (folder / name).mkdir(parents=True)
    for name in ("courts", "patterns", "lexicon", "frameworks", "sources.toml"):
        (folder / name).symlink_to(ROOT / "corpus" / name)
    for file in sorted((ROOT / "corpus" / "catalogue").glob("*.jsonl")):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        rows = [row for row in rows if canonical_document_id(row["id"]) in chosen]
        for row in rows:
            row["treatment"] = [edge for edge in row["treatment"] if canonical_document_id(edge["of"]) in chosen]
            name = safe_file_name(row["id"])
            (folder / "digests" / name).write_bytes((ROOT / "corpus" / "digests" / name).read_bytes())
        if rows:
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (folder / "catalogue" / file.name).write_text(text, encoding="utf-8")
    return [document for document, _, _ in load_corpus(folder).documents]


@dataclass
class World:
    """The publishers' side. `words` is what the text of each document says; `down`, `busy`, `challenged` are what goes wrong."""

    documents: Sequence[Document]
    words: dict[str, str] = field(default_factory=dict)
    modified: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)  # ECLI -> `doc` or `ecli`
    replaced: dict[str, str] = field(default_factory=dict)
    feed: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    trouble: Callable[[Question], Reply | None] = lambda _: None
    papers: list[str] = field(default_factory=list)
    decisions: list[tuple[str, str, str]] = field(default_factory=list)
    fresh: dict[str, str] = field(default_factory=dict)  # paper -> number at the House

    def __post_init__(self) -> None:
        for document in self.documents:
            self.words.setdefault(document.id, f"Eigen woorden van {document.id}")

    def answer(self, question: Question) -> Reply:
        if (wrong := self.trouble(question)) is not None:
            return wrong
        parts = urllib.parse.urlsplit(question.path)
        query = urllib.parse.parse_qs(parts.query)
        name = question.host.split(".")[0]
        return getattr(self, f"_{name}")(question, parts.path, query) or Reply(b"unknown", 404, "text/plain")

    def _data(self, _: Question, path: str, query: dict[str, list[str]]) -> Reply | None:
        if path == "/uitspraken/zoeken":
            since, offset = query["modified"][0], int(query["from"][0])
            walked = [entry for entry in self.feed if entry[2] >= since and ("return" not in query or entry[3] is None)]
            if "subject" in query:
                walked = [entry for entry in walked if "vreemdeling" in entry[1]]
            return Reply(shapes.feed(walked[offset : offset + int(query["max"][0])], total=len(walked)), kind="application/atom+xml")
        ecli = query["id"][0]
        if ecli in self.replaced:
            return Reply(shapes.ruling(ecli, [], replaced_by=self.replaced[ecli]))
        if query.get("return") == ["META"]:
            return Reply(shapes.ruling(ecli, []))
        if ecli in self.gone or ecli not in self.words:
            return None
        document = next((d for d in self.documents if d.id == ecli), None)
        date = document.date.value if document and document.date else "2022-07-06"
        docket = document.case_numbers[0] if document and document.case_numbers else "NL22.1"
        modified = self.modified.get(ecli, "2026-11-20T10:00:00")
        return Reply(shapes.ruling(ecli, [self.words[ecli], "Het beroep is gegrond."], date=date, docket=docket, modified=modified))

    def _publications(self, question: Question, path: str, _: dict[str, list[str]]) -> Reply | None:
        if path == "/webapi/rdf/sparql":
            return Reply(shapes.sparql(self.decisions), kind="application/sparql-results+json")
        if path.startswith("/resource/cellar/"):
            document = self.documents[int(path.split("/")[3])]
            language = path.split("/")[4]
            ecli = document.id if document.id.startswith("ECLI") else None
            case = document.case_numbers[0].split()[0]
            words = [self.words[document.id], f"The text in {language}."]
            return Reply(shapes.arrest(case, ecli, words, language=language), kind="application/xhtml+xml")
        named = urllib.parse.unquote(path)
        language = {"eng": "en", "nld": "nl"}.get(question.headers["accept-language"], "")
        for number, document in enumerate(self.documents):
            known = f"{document.id} {urllib.parse.unquote(document.official_url or '')}"
            if named.rpartition("/")[2] in known and named.rpartition("/")[2]:
                if not language or "xhtml" not in question.headers["accept"]:
                    return Reply(b"", 406, "text/plain")
                return Reply(b"", 303, headers={"Location": f"http://publications.europa.eu/resource/cellar/{number}/{language}/DOC_1"})
        return None

    def _hudoc(self, _: Question, path: str, query: dict[str, list[str]]) -> Reply | None:
        if path == "/app/query/results":
            asked = query["query"][0]
            found = [
                {
                    "itemid": f"001-{100000 + number}",
                    "ecli": document.id if document.id.startswith("ECLI") else "",
                    "languageisocode": language,
                    "appno": ";".join(document.case_numbers),
                    "kpdate": f"{dt.date.fromisoformat(document.date.value):%d/%m/%Y} 00:00:00",
                    "docname": document.title,
                }
                for number, document in enumerate(self.documents)
                if document.deciding_state == "CE"
                and document.date
                and any(f'"{name}"' in asked for name in (document.id, *document.case_numbers))
                for language in ("TUR", "ENG", "FRE")
            ]
            return Reply(shapes.hudoc_items(found), kind="application/json")
        item = query["id"][0]
        for number, document in enumerate(self.documents):
            if item == f"001-{100000 + number}" or item in (document.official_url or ""):
                return Reply(shapes.strasbourg(document.case_numbers[0], [self.words[document.id]]), kind="text/html")
        return None

    def _zoek(self, _: Question, path: str, __: dict[str, list[str]]) -> Reply | None:
        paper = path.strip("/").removesuffix(".xml")
        for document in self.documents:
            number = re.sub(r".*?(\d{5}).*?(\d{1,4})$", r"kst-\1-\2", document.id)
            if paper in (document.id, number, *document.aliases):
                return Reply(shapes.letter(paper, [self.words[document.id]]))
        return Reply(shapes.letter(paper, ["Een nieuwe brief."])) if paper in self.papers else None

    def _repository(self, _: Question, __: str, query: dict[str, list[str]]) -> Reply | None:
        dossier = re.search(r"dossiernummer==(\d+)", query["query"][0])
        assert dossier
        return Reply(shapes.sru([paper for paper in self.papers if paper.startswith(f"kst-{dossier[1]}-")]))

    def _gegevensmagazijn(self, _: Question, path: str, query: dict[str, list[str]]) -> Reply | None:
        if path.endswith("/resource"):
            return Reply(shapes.PDF_LETTER, kind="application/pdf")
        asked = query["$filter"][0]
        rows = [
            {
                "Id": f"00000000-0000-4000-8000-{n:012}",
                "DocumentNummer": number,
                "Volgnummer": int(paper.rpartition("-")[2]),
                "ContentType": "application/pdf",
                "Kamerstukdossier": [{"Nummer": int(paper.split("-")[1]), "Toevoeging": None}],
            }
            for n, (paper, number) in enumerate(self.fresh.items())
            if f"Nummer eq {paper.split('-')[1]})" in asked or f"'{number}'" in asked
        ]
        return Reply(json.dumps({"value": rows}).encode(), kind="application/json")

    def _opendata(self, _: Question, __: str, ___: dict[str, list[str]]) -> Reply | None:
        return Reply(b"[]", kind="application/json")


@dataclass
class Day:
    """Our side: one data directory, runs made one after the other. `logs` holds what each run asked."""

    folder: Path
    replay: Replay
    clock: Clock
    logs: list[Log] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def library_path(self) -> Path | None:
        generations = Generations(self.data_dir, MemoryEngine())
        name = generations.current_name()
        return generations.root / name / "library.sqlite" if name else None

    def library(self) -> Library:
        path = self.library_path()
        assert path is not None
        return Library(path)

    def run(self, order: Order) -> Report:
        rules = SourceRules.load(self.folder / "corpus")
        state = State(self.data_dir)
        self.logs.append(Log())

        def client() -> Client:
            made = Client(
                rules, state, self.data_dir, contact="library@example.org", version="0.0", clock=self.clock, backend=self.replay.backend
            )
            made.log = self.logs[-1]
            made._polite._log = self.logs[-1]
            return made

        store = PipelineStore(pipeline(self.data_dir, self.folder / "corpus"), self.library_path)
        try:
            return Run(
                data_dir=self.data_dir,
                corpus_dir=self.folder / "corpus",
                sources=Sources.of(rules),
                state=state,
                store=store,
                client=client,
                progress=lambda _step, _done, _total: None,
            ).make(order)
        finally:
            state.close()
