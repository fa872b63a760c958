"""What anybody would build, in the same run: so that a score of ours means something. The one module of evals that imports vendors.

- `bm25`: the engine's word counts over our stems, alone;
- `dense`: the engine's nearest vectors, alone;
- `hybrid`: reciprocal rank fusion of these two, with no signal of ours;
- `bm25-plain`, `dense-plain`, `hybrid-plain`: the same three over the passages' own words, as a plain pipeline has them. The first three
  read an index whose passages already carry what we put there: title and headings among the words, a context line in the vector;
- `llamaindex`: its default pipeline (SentenceSplitter, VectorStoreIndex) over the same texts with the same model.

All but the last see the same filters and as-of day as ours. LlamaIndex's default has none of these; only the languages that may
answer are taken from its ranking. None knows exact identifiers, treatment or refusal.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from llama_index.core import Document as LlamaDocument
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.node_parser import SentenceSplitter
from pydantic import PrivateAttr

from evals.load import Question
from evals.run import DEPTH, Shown, System, expression_key
from ingest.chunk import chunk_texts
from kb.domain.dates import LegalDate
from kb.domain.documents import Passage
from kb.domain.identifiers import PassageId, point_id
from kb.domain.results import Scored, StandingValue
from kb.ports import Embedder, PassageIndex, Point, Vectors
from kb.retrieval.fusion import reciprocal_rank_fusion
from kb.retrieval.languages import LANGUAGES, detect_language
from kb.retrieval.passages import payload_of
from kb.wiring import KnowledgeBase, build_embedder, build_engine

_QUERY_TERMS = 64  # distinct; as many as our own search asks the engine for
PLAIN = "-plain"
BASELINES = ("bm25", "dense", "hybrid", "bm25-plain", "dense-plain", "hybrid-plain", "llamaindex")


class EngineBaseline:
    """One side of the engine, or the plain fusion of both, over the generation that answers, or over `index`."""

    def __init__(self, name: str, kb: KnowledgeBase, index: PassageIndex | None = None) -> None:
        self.name = name
        self._kb = kb
        self._sides = name.removesuffix(PLAIN)
        self._index = index
        self._successors = Successors(kb)

    def answer(self, question: Question) -> Sequence[Shown]:
        filters = replace(question.filters, existing_on=LegalDate.of(question.as_of))
        index = self._index or self._kb.view().generation.index
        rankings: list[list[Scored]] = []
        if self._sides in ("dense", "hybrid"):
            rankings.append(index.dense(self._kb.embedder.embed_query(question.text), limit=DEPTH, filters=filters))
        if self._sides in ("bm25", "hybrid"):
            language = detect_language(question.text, default="nl")
            words = self._kb.lexicon.stems(question.text, language if language in LANGUAGES else "en")
            stems = list(dict.fromkeys(words))[:_QUERY_TERMS]
            rankings.append(index.lexical(stems, limit=DEPTH, filters=filters) if stems else [])
        ranked = reciprocal_rank_fusion(rankings) if len(rankings) > 1 else rankings[0]
        passages = self._kb.view().library.passages_by_id([item.passage_id for item in ranked])
        return [shown_passage(passages[i.passage_id], i.score, self._successors, question) for i in ranked if i.passage_id in passages]


def plain_index(kb: KnowledgeBase, bulk: Embedder, cache: Path) -> PassageIndex:
    """An index of the same passages by their own words alone, no context line, no title, no headings; made anew each time.

    Args: bulk: a fast backend of the same model; cache: a folder for its vectors, which may be deleted at any time.
    """
    held = [(document, passage) for document, _, passage in kb.view().library.searchable()]
    bodies = [passage.display or passage.text for _, passage in held]
    chunks = chunk_texts([""] * len(held), bodies, bulk)
    vectors = _remembered("plain", [chunk.text for chunk in chunks], bulk.embed_passages, bulk, cache)
    stems = [kb.lexicon.stems(body, passage.language) for body, (_, passage) in zip(bodies, held, strict=True)]
    points = (
        Point(
            point_id(held[chunk.passage][1].id, held[chunk.passage][1].text_sha256, chunk.number),
            vector,
            payload_of(*held[chunk.passage], stems[chunk.passage]),
        )
        for chunk, vector in zip(chunks, vectors, strict=True)
    )
    engine = build_engine(kb.settings)
    place = cache / "plain-index"
    engine.drop(place)
    shutil.rmtree(place, ignore_errors=True)
    engine.build(place, points, dimension=bulk.space.dimension)
    return engine.open(place)


class Successors:
    """What overtook a document, asked of the same standings as the product's."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb

    def __call__(self, document_id: str, question: Question) -> tuple[str, ...]:
        tracks = question.filters.tracks
        standing = self._kb.view().standing(document_id, question.as_of, tracks[0] if len(tracks) == 1 else None)
        return tuple(s.document_id for s in standing.successors) if standing.value is StandingValue.OVERTAKEN else ()


def shown_passage(passage: Passage, score: float, successors: Successors, question: Question) -> Shown:
    return Shown(
        item=str(PassageId.parse(passage.id).plain()),
        document=passage.document_id,
        expression=expression_key(passage.document_id, passage.form),
        language=passage.language,
        spans=passage.spans or ((passage.start_char, passage.end_char),),
        score=score,
        overtaken_by=successors(passage.document_id, question),
    )


class ModelForLlama(BaseEmbedding):
    """Our embedder behind LlamaIndex's interface: the same model, and nothing fetched. Longer pieces are cut as its own would be."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder, **kwargs: Any) -> None:
        super().__init__(model_name=embedder.space.name, embed_batch_size=64, **kwargs)
        self._embedder = embedder

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(x) for x in self._embedder.embed_query(query)]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors = self._embedder.embed_passages([self._fitted(text) for text in texts])
        return [[float(x) for x in row] for row in vectors]

    def _fitted(self, text: str) -> str:
        """A model reads its window and no further, as sentence-transformers cuts it: at the last word that fits."""
        words = text.split(" ")
        limit = self._embedder.space.max_tokens
        while (count := self._embedder.count_tokens([" ".join(words)])[0]) > limit and len(words) > 1:
            words = words[: max(1, min(len(words) - 1, int(len(words) * limit / count)))]
        return " ".join(words)


class LlamaIndexBaseline:
    """Its default pipeline over every current text of the library: what `VectorStoreIndex.from_documents` does, model given."""

    name = "llamaindex"

    def __init__(self, kb: KnowledgeBase, bulk: Embedder, cache: Path) -> None:
        """Args: bulk: a fast backend of the same model; cache: a folder for its vectors, which may be deleted at any time."""
        self._kb = kb
        self._successors = Successors(kb)
        model = ModelForLlama(bulk)
        nodes = SentenceSplitter().get_nodes_from_documents(list(self._documents()))
        texts = [node.get_content(metadata_mode="embed") for node in nodes]  # type: ignore[arg-type]
        vectors = _remembered("llamaindex", texts, lambda given: np.asarray(model.get_text_embedding_batch(list(given))), bulk, cache)
        for node, vector in zip(nodes, vectors, strict=True):
            node.embedding = [float(x) for x in vector]
        index = VectorStoreIndex(nodes, embed_model=ModelForLlama(kb.embedder))
        self._retriever = index.as_retriever(similarity_top_k=DEPTH)
        self._places: dict[str, list[tuple[int, int, str]]] = {}

    def answer(self, question: Question) -> Sequence[Shown]:
        found = self._retriever.retrieve(question.text)
        wanted = question.filters.languages
        return [self._shown(one.node, one.score or 0.0, question) for one in found if not wanted or one.node.metadata["language"] in wanted]

    def _documents(self) -> Iterator[LlamaDocument]:
        library = self._kb.view().library
        for document in library.documents():
            for expression in library.expressions(document.id):
                if expression.current and expression.text.strip():
                    title = document.title_nl if expression.language == "nl" and document.title_nl else document.title
                    kept = {"document": document.id, "expression": expression.key, "language": expression.language}
                    yield LlamaDocument(
                        text=expression.text,
                        metadata={"title": title, **kept},
                        excluded_embed_metadata_keys=list(kept),
                        excluded_llm_metadata_keys=list(kept),
                    )

    def _shown(self, node: Any, score: float, question: Question) -> Shown:
        start, end = node.start_char_idx or 0, node.end_char_idx or 0
        key, document = str(node.metadata["expression"]), str(node.metadata["document"])
        return Shown(
            item=self._passage_at(key, start, end),
            document=document,
            expression=key,
            language=str(node.metadata["language"]),
            spans=((start, end),),
            score=float(score),
            overtaken_by=self._successors(document, question),
        )

    def _passage_at(self, key: str, start: int, end: int) -> str:
        """The passage that a piece of text covers most of: what a reader would be sent to."""
        if key not in self._places:
            own = self._kb.view().library.passages(key)
            self._places[key] = [(p.start_char, p.end_char, str(PassageId.parse(p.id).plain())) for p in own]
        shared = ((min(end, last) - max(start, first), item) for first, last, item in self._places[key])
        best = max(shared, default=(0, ""), key=lambda found: found[0])
        return best[1] if best[0] > 0 else ""


def _remembered(name: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors], embedder: Embedder, cache: Path) -> Vectors:
    digest = hashlib.sha256("\x00".join([embedder.space.name, embedder.space.weights_sha256, *texts]).encode()).hexdigest()[:16]
    path = cache / f"{name}-{digest}.npy"
    if path.is_file():
        held: Vectors = np.load(path)
        return held
    vectors = np.asarray(embed(texts), dtype=np.float32)
    cache.mkdir(parents=True, exist_ok=True)
    np.save(path, vectors)
    return vectors


def build(names: Sequence[str], kb: KnowledgeBase, cache: Path) -> list[System]:
    """The baselines asked for, in the given order."""
    systems: list[System] = []
    plain = plain_index(kb, build_embedder(kb.settings, bulk=True), cache) if any(name.endswith(PLAIN) for name in names) else None
    for name in names:
        if name == "llamaindex":
            systems.append(LlamaIndexBaseline(kb, build_embedder(kb.settings, bulk=True), cache))
        else:
            systems.append(EngineBaseline(name, kb, plain if name.endswith(PLAIN) else None))
    return systems
