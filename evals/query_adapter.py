"""`python -m evals.query_adapter`: a matrix on the question's vector, learnt from judged questions. A recipe, not a part of the product.

The bundled model stays as it is; a question's vector q becomes q + qA + b, pulled to the documents that were judged to answer it and away
from all others of the corpus (softmax over documents, each at its best passage). Five folds over the dev halves, so that each question is
judged by a matrix that did not see it; the versions of one question in several languages are in one fold. Needs the index of the corpus
(`dublin-kb ingest`) and some minutes. What it gave stands in DECISIONS.md 8: more on the corpus, less on documents it had not seen.
"""

import hashlib
import sys
from collections.abc import Mapping, Sequence

import numpy as np

from evals.load import Question, load
from ingest.chunk import chunk_texts
from kb.ports import Vectors
from kb.retrieval.passages import context_line
from kb.store.vectors import VectorCache
from kb.wiring import KnowledgeBase, build_embedder, open_knowledge_base

COLLECTIONS = ("asylum-dev", "near-duplicates", "cross-lingual", "time")
_FOLDS, _STEPS, _RATE, _DECAY, _HEAT = 5, 60, 1e-3, 0.05, 0.03


def passages(kb: KnowledgeBase) -> tuple[Vectors, list[str], list[str]]:
    """Vectors of all chunks, freed of the mean of their language; the document and the language of each."""
    held = list(kb.view().library.searchable())
    embedder = build_embedder(kb.settings, bulk=True)
    chunks = chunk_texts([context_line(d, p) for d, _, p in held], [p.display or p.text for _, _, p in held], embedder)
    cache = VectorCache(kb.settings.data_dir / "cache" / "vectors.sqlite")
    try:
        vectors = cache.embed(embedder, [chunk.text for chunk in chunks])
    finally:
        cache.close()
    languages = [held[chunk.passage][2].language for chunk in chunks]
    labels = np.array(languages)
    for language in sorted(set(languages)):
        vectors[labels == language] -= vectors[labels == language].mean(axis=0)
    return vectors, [held[chunk.passage][0].id for chunk in chunks], languages


def fold_of(collection: str, qid: str) -> int:
    """The same for all versions of a question: languages after `-` or `~`, days after `-`."""
    name = f"{collection} {qid.partition('~')[0].partition('-')[0]}"
    return hashlib.sha256(name.encode()).digest()[0] % _FOLDS


def ndcg(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """nDCG@10 with linear gains."""
    found = sum(grades.get(name, 0) / np.log2(place + 2) for place, name in enumerate(ranked[:10]))
    best = sum(grade / np.log2(place + 2) for place, grade in enumerate(sorted(grades.values(), reverse=True)[:10]))
    return float(found / best)


def main() -> int:
    import torch

    torch.manual_seed(0)
    kb = open_knowledge_base()
    vectors, owners, languages = passages(kb)
    documents = sorted(set(owners))
    places = torch.tensor([documents.index(owner) for owner in owners])
    asked: list[tuple[str, Question, dict[str, int]]] = []
    for name in COLLECTIONS:
        for question in load(name).part("dev"):
            grades = {d: grade for d, grade in question.document_grades().items() if grade > 0 and d in documents}
            if question.answerable and grades:
                asked.append((name, question, grades))
    queries = torch.tensor(np.stack([kb.embedder.embed_query(question.text) for _, question, _ in asked]))
    every = torch.tensor(vectors)
    wanted = torch.tensor([[float(grades.get(d, 0)) for d in documents] for _, _, grades in asked])
    wanted = wanted / wanted.sum(1, keepdim=True)
    barred = torch.tensor(
        [[-9.0 if q.filters.languages and language not in q.filters.languages else 0.0 for language in languages] for _, q, _ in asked]
    )

    def scores(rows: torch.Tensor, moved: torch.Tensor) -> torch.Tensor:
        found = torch.full((len(rows), len(documents)), -9.0)
        return found.scatter_reduce(1, places.expand(len(rows), -1), moved @ every.T + barred[rows], "amax")

    folds = torch.tensor([fold_of(name, question.qid) for name, question, _ in asked])
    learnt = torch.zeros(len(asked), len(documents))
    for fold in range(_FOLDS):
        seen, left = torch.where(folds != fold)[0], torch.where(folds == fold)[0]
        size = queries.shape[1]
        matrix, shift = torch.zeros(size, size, requires_grad=True), torch.zeros(size, requires_grad=True)
        optimiser = torch.optim.Adam([matrix, shift], lr=_RATE)
        for _ in range(_STEPS):
            moved = torch.nn.functional.normalize(queries[seen] + queries[seen] @ matrix + shift, dim=1)
            told = torch.log_softmax(scores(seen, moved) / _HEAT, 1)
            loss = -(wanted[seen] * told).sum(1).mean() + _DECAY * (matrix.square().sum() + shift.square().sum())
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        with torch.no_grad():
            moved = torch.nn.functional.normalize(queries[left] + queries[left] @ matrix + shift, dim=1)
            learnt[left] = scores(left, moved)
    plain = scores(torch.arange(len(asked)), queries)
    for name in COLLECTIONS:
        rows = [row for row, (collection, _, _) in enumerate(asked) if collection == name]
        means = [
            np.mean([ndcg([documents[i] for i in table[row].argsort(descending=True)[:10]], asked[row][2]) for row in rows])
            for table in (plain, learnt)
        ]
        sys.stdout.write(f"{name}: nDCG@10, dense alone {means[0]:.3f}, with the matrix {means[1]:.3f} ({len(rows)} questions)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
