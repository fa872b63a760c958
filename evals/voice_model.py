"""`python -m evals.voice_model [--write]`: fits the doubt about the voice `court` on the labels given by hand.

For each family of formats (`ingest.parse.voice_doubt`) two linear models are fitted and summed: one on what the structure of all real
documents says by itself (passages the rules call `court` against those they give to a party, the facts or the law; few words, by L1), whose
score is one more sign of the other, fitted on the labels. Everything is measured out of fold, folds by document, on the passages
that a sample drew as `court` before anybody had read them. `--write` fits on all labels and writes corpus/patterns/voice-doubt.json.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from evals.voices import Label, parse_file, passage_at, read_labels, wilson
from ingest.parse.model import ParsedDocument
from ingest.parse.voice_doubt import FAMILIES, FILE, SHORTEST, Doubt, Family, as_data, family_of, language_of, rules_alone, signs_of
from kb.domain.documents import Voice
from kb.errors import InputRejected

ROOT = Path(__file__).parents[1] / ".." / "shared" / "real"
LABELS = Path(__file__).parent / "collections" / "voices"
_NOT_COURT = frozenset({Voice.APPLICANT, Voice.AUTHORITY, Voice.FACTS, Voice.QUOTED_LAW, Voice.QUOTED_RULING})
_FOLDS = 5
_MOST = 6_000  # passages of one family from which the structure is learnt
_WORDS = ("word ", "words ", "opening: ", "last sentence: ")


@dataclass(frozen=True, slots=True)
class Plan:
    """How one family is fitted. `kept`: the share of right labels that its threshold leaves, out of fold; where a language (`by`) is
    known to be surer or less sure than the rest of the family, its own share. A share and no precision, which a few errors decide."""

    pool: tuple[str, ...]  # the families whose labels are learnt from
    languages: tuple[str, ...]  # with enough labels of its own
    strength: float  # of the fit on labels (C of the ridge): small is careful
    structure_words_only: bool  # the first model reads words alone, or also who argues and assesses
    kept: float
    by: Mapping[str, float] = field(default_factory=dict)
    weighted: int = 300  # signs that keep a weight
    certain: tuple[str, ...] = ()  # courts whose passages are not doubted, and not measured here


# 69 of 69 unseen passages of samples 3 to 9 were right without any doubt
STRASBOURG = ("European Court of Human Rights", "Cour européenne des droits de l'homme")
PLANS = {
    "dutch": Plan(("dutch",), ("nl",), 0.03, False, 0.60),
    "court-of-justice": Plan(("court-of-justice", "foreign"), ("en",), 0.05, False, 0.70),
    "foreign": Plan(("foreign",), ("en", "fr", "de"), 0.02, True, 0.5, {"en": 0.7, "fr": 0.42, "de": 0.5}, 400, STRASBOURG),
}


@dataclass(frozen=True, slots=True)
class Example:
    """One passage: its signs, whether it is the court's own assessment, and whether it was drawn as `court` and not yet read."""

    document: str
    family: str
    signs: frozenset[str]
    court: bool
    called_court: bool
    unseen: bool
    format: str
    sample: int


def fold_of(document: str) -> int:
    return hashlib.sha256(document.encode()).digest()[1] % _FOLDS


def labelled(root: Path, files: Iterable[Path]) -> list[Example]:
    """The labels whose passage is still cut that way, with their signs."""
    parsed: dict[str, Sequence[ParsedDocument]] = {}
    examples = []
    for path in files:
        extra = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for label, more in zip(read_labels(path), extra, strict=True):
            if label.file not in parsed:
                parsed[label.file] = _parsed(root / label.file)
            found = _find(parsed[label.file], label)
            if found is None or (family := family_of(found[0])) is None:
                continue
            document, index = found
            voices = [passage.voice for passage in document.passages]
            certain = document.metadata.court in PLANS[family].certain
            signs = signs_of(document, index, voices)
            unseen = more.get("predicted") == "court" and not certain and language_of(signs) in PLANS[family].languages
            called = unseen or voices[index] is Voice.COURT
            sample = int(more.get("sample", 0))
            examples.append(Example(label.document, family, signs, label.voice is Voice.COURT, called, unseen, label.format, sample))
    return examples


def structural(root: Path) -> list[Example]:
    """Passages whose voice the rules are sure of, of all real documents, at most 6,000 a family, drawn by hash."""
    drawn: dict[str, list[tuple[bytes, Callable[[], Example]]]] = {family: [] for family in FAMILIES}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = str(path.relative_to(root))
        for document in _parsed(path):
            family = family_of(document)
            voices = [passage.voice for passage in document.passages]
            for index, passage in enumerate(document.passages if family else ()):
                if passage.end - passage.start >= SHORTEST and (passage.voice is Voice.COURT or passage.voice in _NOT_COURT):
                    key = hashlib.sha256(f"{name} {index} {passage.start}".encode()).digest()
                    drawn[family or ""].append((key, _later(document, index, voices, family or "", name)))
    return [make() for rows in drawn.values() for _, make in sorted(rows, key=lambda row: row[0])[:_MOST]]


def _later(document: ParsedDocument, index: int, voices: Sequence[Voice], family: str, name: str) -> Callable[[], Example]:
    def make() -> Example:
        signs = frozenset(sign for sign in signs_of(document, index, voices) if not sign.startswith(("voice at", "court:")))
        called = voices[index] is Voice.COURT
        return Example(document.metadata.id or name, family, signs, called, called, False, family, 0)

    return make


def _parsed(path: Path) -> Sequence[ParsedDocument]:
    try:
        with rules_alone():
            return parse_file(path)
    except InputRejected:
        return ()


def _find(documents: Sequence[ParsedDocument], label: Label) -> tuple[ParsedDocument, int] | None:
    document = next((d for d in documents if d.metadata.id == label.document), documents[0] if len(documents) == 1 else None)
    index = passage_at(document, label) if document else None
    return (document, index) if document is not None and index is not None else None


# ----------------------------------------------------------------------------------------------------------------------- the fit


def _matrix(rows: Sequence[frozenset[str]], columns: dict[str, int]) -> Any:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    indices: list[int] = []
    ends = [0]
    for signs in rows:
        indices += sorted(columns[sign] for sign in signs if sign in columns)
        ends.append(len(indices))
    return csr_matrix((np.ones(len(indices)), indices, ends), shape=(len(rows), len(columns)))


def _columns(rows: Iterable[frozenset[str]], wanted: Callable[[str], bool], least: int) -> dict[str, int]:
    seen = Counter(sign for signs in rows for sign in signs if wanted(sign))
    return {sign: column for column, sign in enumerate(sorted(sign for sign, count in seen.items() if count >= least))}


def _structure(plan: Plan, examples: Sequence[Example]) -> tuple[dict[str, float], float]:
    from sklearn.linear_model import LogisticRegression

    def wanted(sign: str) -> bool:
        return sign.startswith(_WORDS) or (not plan.structure_words_only and sign.startswith(("nl ", "length", "sentences", "quoted")))

    columns = _columns((e.signs for e in examples), wanted, 12)
    model = LogisticRegression(C=0.05, l1_ratio=1, solver="liblinear", class_weight="balanced", random_state=0)
    model.fit(_matrix([e.signs for e in examples], columns), np.array([e.court for e in examples]))
    return {sign: float(model.coef_[0][i]) for sign, i in columns.items() if model.coef_[0][i]}, float(model.intercept_[0])


def fit(plan: Plan, examples: Sequence[Example], sure: Sequence[Example]) -> tuple[dict[str, float], float]:
    """The weights and the bias of one family, from labelled passages and from those that the structure is sure of."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    words, word_bias = _structure(plan, sure)
    told = np.array([word_bias + sum(words.get(sign, 0.0) for sign in sorted(e.signs)) for e in examples])
    columns = _columns((e.signs for e in examples), lambda sign: not sign.startswith(_WORDS), 5)
    matrix = hstack([_matrix([e.signs for e in examples], columns), csr_matrix(told[:, None])]).tocsr()
    model = LogisticRegression(C=plan.strength, l1_ratio=0, solver="liblinear", class_weight="balanced", max_iter=500, random_state=0)
    # a passage that nobody would take for the court's teaches less than one that was taken for it
    model.fit(matrix, np.array([e.court for e in examples]), sample_weight=np.array([1.0 if e.called_court else 0.3 for e in examples]))
    weights = model.coef_[0]
    reach = np.abs(weights[:-1]) * np.sqrt(np.asarray(matrix[:, :-1].mean(axis=0)).ravel())
    names = sorted(columns, key=lambda sign: columns[sign])
    merged = {names[i]: float(weights[i]) for i in np.argsort(-reach, kind="stable")[: plan.weighted] if weights[i]}
    for sign, weight in words.items():
        merged[sign] = merged.get(sign, 0.0) + float(weights[-1]) * weight
    return merged, float(model.intercept_[0]) + float(weights[-1]) * word_bias


def out_of_fold(family: str, plan: Plan, examples: Sequence[Example], sure: Sequence[Example]) -> list[tuple[float, Example]]:
    """A score for every unseen example of the family by a model that saw nothing of its document."""
    scored = []
    for fold in range(_FOLDS):
        near = [e for e in examples if e.family in plan.pool and fold_of(e.document) != fold]
        weights, bias = fit(plan, near, [e for e in sure if e.family in plan.pool and fold_of(e.document) != fold])
        made = Family(0.0, bias, weights)
        scored += [(made.score(e.signs), e) for e in examples if e.family == family and e.unseen and fold_of(e.document) == fold]
    return sorted(scored, key=lambda pair: -pair[0])


def threshold_for(scored: Sequence[tuple[float, Example]], kept: float) -> float:
    """The score down to which that share of the right labels is kept."""
    right = sorted((score for score, example in scored if example.court), reverse=True)
    return right[max(0, round(kept * len(right)) - 1)]


def thresholds_of(plan: Plan, scored: Sequence[tuple[float, Example]]) -> Family:
    """A family without weights: its thresholds alone."""
    own = {
        language: threshold_for([pair for pair in scored if language_of(pair[1].signs) == language], kept)
        for language, kept in plan.by.items()
    }
    return Family(threshold_for(scored, plan.kept), 0.0, {}, own)


def report(family: str, scored: Sequence[tuple[float, Example]], plan: Plan) -> str:
    """What the thresholds do to the unseen passages, out of fold, in all and by format."""
    limits = thresholds_of(plan, scored)
    lines = [f"{family}: threshold {limits.threshold:.3f}"]
    for name in ["all", *sorted({e.format for _, e in scored}), *sorted({f"sample {e.sample}" for _, e in scored})]:
        here = [(score, e) for score, e in scored if name in ("all", e.format, f"sample {e.sample}")]
        kept = [e for score, e in here if score >= _limit(limits, e)]
        before, right = sum(e.court for _, e in here), sum(e.court for e in kept)
        if kept and before:
            low, high = wilson(right, len(kept))
            share = f"{right / len(kept):.3f} ({low:.3f} to {high:.3f})"
            lines.append(
                f"  {name}: {before}/{len(here)} right before; kept {len(kept)}, right {right}, {share}; recall {right / before:.2f}"
            )
    return "\n".join(lines) + "\n"


def _limit(family: Family, example: Example) -> float:
    return family.thresholds.get(language_of(example.signs), family.threshold)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and with `--write` writes the data file. Exit 2 where the real documents are absent."""
    parser = argparse.ArgumentParser(prog="python -m evals.voice_model", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", metavar="VERSION", help="fit on all labels and write the data file under this number")
    given = parser.parse_args(arguments)
    if not ROOT.is_dir():
        sys.stderr.write(f"no folder {ROOT}\n")
        return 2
    examples, sure = labelled(ROOT, sorted(LABELS.glob("labels-*.jsonl"))), structural(ROOT)
    families = {}
    for family, plan in PLANS.items():
        scored = out_of_fold(family, plan, examples, sure)
        sys.stdout.write(report(family, scored, plan))
        weights, bias = fit(plan, [e for e in examples if e.family in plan.pool], [e for e in sure if e.family in plan.pool])
        families[family] = replace(thresholds_of(plan, scored), bias=bias, weights=weights, certain=plan.certain, languages=plan.languages)
    if given.write:
        signs = "Weights of signs (ingest/parse/voice_doubt.py): below 0 casts doubt on the voice `court`."
        note = f"{signs} Written by `python -m evals.voice_model`."
        data = as_data(Doubt(given.write, families), note)
        FILE.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
