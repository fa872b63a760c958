"""Pinned scores and what counts as a fall from them.

`expected.toml` holds the mean of each measure and the headline of every question. A fall is one that a paired randomisation test
does not put down to chance (one-sided, p < 0.05) and that is larger than half a point; a count that must not rise has no noise.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evals.report import Result
from evals.run import OURS
from evals.significance import compare

_P = 0.05
_SMALLEST = 0.005  # of a measure from 0 to 1: another processor's rounding moves single ranks
_REFUSAL_SLACK = 0.02


@dataclass(frozen=True, slots=True)
class Verdict:
    sentence: str
    fell: bool


def pinned(result: Result, facts: Mapping[str, Any]) -> str:
    """The text of `expected.toml` for what was measured now."""
    scores = result.scores[OURS]
    lines = [
        "# Pinned by `dublin-kb-evals pin`: scores of our search on all questions. Change it only with a change that was meant.",
        f"date = {_text(facts['date'])}",
        f"model = {_text(facts['model'])}",
        f"documents = {facts['documents']}",
        f"passages = {facts['passages']}",
        f"headline = {_text(result.headline)}",
        "",
        "[measures]",
        *(f"{_text(name)} = {estimate.mean:.4f}" for name, estimate in scores.measures.items()),
        "",
        "[counts]",
        f"overtaken_alone = {len(scores.overtaken_alone)}",
        f"failed = {len(scores.failed)}",
        f"misprinted_places = {scores.cited_places - scores.printed_places}",
    ]
    if scores.refusals.unanswerable:
        lines += [f"refusal_precision = {scores.refusals.precision or 0.0:.4f}", f"refusal_recall = {scores.refusals.recall or 0.0:.4f}"]
    lines += ["", "[questions]"]
    lines += [f"{_text(qid)} = {row[result.headline]:.4f}" for qid, row in scores.by_question.items() if result.headline in row]
    return "\n".join(lines) + "\n"


def check(result: Result) -> list[Verdict]:
    """What fell and what did not, against the collection's `expected.toml`."""
    if result.outcome.skipped:
        return [Verdict(f"skipped, {result.outcome.skipped}", fell=False)]
    return list(_verdicts(result, result.outcome.collection.expected))


def _verdicts(result: Result, expected: Mapping[str, Any]) -> Iterator[Verdict]:
    scores = result.scores[OURS]
    headline = str(expected["headline"])
    before = {str(qid): float(value) for qid, value in expected.get("questions", {}).items()}
    now = {qid: row[headline] for qid, row in scores.by_question.items() if headline in row}
    if before.keys() != now.keys():
        changed = sorted(before.keys() ^ now.keys())
        yield Verdict(f"{len(changed)} questions were added or taken away since the pin, for example {changed[0]}: pin again", fell=True)
    shared = [qid for qid in before if qid in now]
    if shared:
        c = compare([before[qid] for qid in shared], [now[qid] for qid in shared])
        fell = c.difference < -_SMALLEST and c.p_fall < _P
        yield Verdict(f"{headline} {c.a:.4f} → {c.b:.4f} ({c.difference:+.4f}, p of a fall {c.p_fall:.4f}, n={c.n})", fell)
    counts = expected.get("counts", {})
    seen = {
        "overtaken_alone": len(scores.overtaken_alone),
        "failed": len(scores.failed),
        "misprinted_places": scores.cited_places - scores.printed_places,
    }
    for name, value in seen.items():
        why = f" ({', '.join(sorted(set(scores.failed.values())))})" if name == "failed" and value else ""
        yield Verdict(f"{name} {counts.get(name, 0)} → {value}{why}", value > counts.get(name, 0))
    for name, share in (("refusal_precision", scores.refusals.precision), ("refusal_recall", scores.refusals.recall)):
        if name in counts:
            yield Verdict(f"{name} {counts[name]:.4f} → {share or 0.0:.4f}", (share or 0.0) < counts[name] - _REFUSAL_SLACK)


def _text(value: object) -> str:
    """A TOML basic string; JSON's escapes are a part of TOML's."""
    return json.dumps(str(value), ensure_ascii=False)
