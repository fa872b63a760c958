"""One run as JSON (everything), Markdown (tables) and HTML (tables with plots, in SVG written here)."""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evals.load import write_run
from evals.measures import PASSAGE, PINPOINT, PRECISION, RECALL, WRONG, Scores
from evals.run import OURS, Outcome
from evals.significance import Estimate

_DOCUMENT = ("nDCG@10", "MRR@10", "R@5", "R@10", "hit@1", WRONG)
_PASSAGE = (PASSAGE + "nDCG@10", PASSAGE + "MRR@10", PASSAGE + "hit@1", PASSAGE + "R@10", PINPOINT, PRECISION, RECALL)
_LOWER_IS_BETTER = (WRONG,)


@dataclass(frozen=True, slots=True)
class Result:
    """One collection with every system's scores."""

    outcome: Outcome
    scores: Mapping[str, Scores]

    @property
    def headline(self) -> str:
        """The measure a collection is judged by: nDCG@10 at its own level."""
        return (PASSAGE if self.outcome.collection.card.level == "passage" else "") + "nDCG@10"


def to_json(results: Sequence[Result], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that was measured, per question too, so that two runs can be compared."""
    return {**facts, "collections": [_collection(result) for result in results]}


def _collection(result: Result) -> dict[str, Any]:
    outcome, card = result.outcome, result.outcome.collection.card
    return {
        "name": outcome.collection.name,
        "title": card.title,
        "level": card.level,
        "headline": result.headline,
        "shows_not": card.shows_not,
        "questions": len(outcome.questions),
        "skipped": outcome.skipped,
        "judged_but_not_held": list(outcome.lost),
        "systems": {name: _system(scores) for name, scores in result.scores.items()},
    }


def _system(scores: Scores) -> dict[str, Any]:
    return {
        "measures": _estimates(scores.measures),
        "by_style": {style: _estimates(found) for style, found in scores.by_style.items()},
        "by_language": {language: _estimates(found) for language, found in scores.by_language.items()},
        "language_pairs": [{"question": q, "passage": p, "R@10": asdict(e)} for (q, p), e in scores.pairs.items()],
        "refusals": {**asdict(scores.refusals), "precision": scores.refusals.precision, "recall": scores.refusals.recall},
        "overtaken_alone": [list(found) for found in scores.overtaken_alone],
        "cited_places": scores.cited_places,
        "printed_places": scores.printed_places,
        "failed": dict(scores.failed),
        "median_seconds": round(scores.seconds, 4),
        "by_question": {qid: {name: round(v, 6) for name, v in row.items()} for qid, row in scores.by_question.items()},
    }


def _estimates(found: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(e).items()} for name, e in found.items()}


def write(directory: Path, results: Sequence[Result], facts: Mapping[str, Any]) -> None:
    """`report.json`, `report.md`, `report.html` and a TREC run for each collection and system, in `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "report.json").write_text(json.dumps(to_json(results, facts), ensure_ascii=False, indent=1) + "\n", "utf-8")
    (directory / "report.md").write_text(markdown(results, facts), "utf-8")
    (directory / "report.html").write_text(page(results, facts), "utf-8")
    for result in results:
        for system in result.scores:
            write_run(directory / f"{result.outcome.collection.name}.{system}.run", result.outcome.run_lines(system))


def markdown(results: Sequence[Result], facts: Mapping[str, Any]) -> str:
    lines = [f"# Retrieval, {facts['date']}", "", _sentence(facts), "", *_markdown(_summary(results)), ""]
    for result in results:
        lines += [f"## {result.outcome.collection.name}: {result.outcome.collection.card.title}", ""]
        if result.outcome.skipped:
            lines += [f"Skipped: {result.outcome.skipped}.", ""]
            continue
        lines += [f"What it does not show: {result.outcome.collection.card.shows_not}", ""]
        for title, table in _tables(result):
            lines += [f"**{title}**", "", *_markdown(table), ""]
    return "\n".join(lines)


def page(results: Sequence[Result], facts: Mapping[str, Any]) -> str:
    """A page that needs nothing else: style and plots are in it."""
    parts = [f"<h1>Retrieval, {html.escape(str(facts['date']))}</h1>", f"<p>{html.escape(_sentence(facts))}</p>", _html(_summary(results))]
    for result in results:
        collection = result.outcome.collection
        parts.append(f'<section><h2 id="{collection.name}">{collection.name}: {html.escape(collection.card.title)}</h2>')
        if result.outcome.skipped:
            parts.append(f"<p>Skipped: {html.escape(result.outcome.skipped)}.</p></section>")
            continue
        parts.append(f"<p><strong>What it does not show.</strong> {html.escape(collection.card.shows_not)}</p>")
        parts.append(
            bars(f"{result.headline}, {collection.name}", [(n, s.measures.get(result.headline)) for n, s in result.scores.items()])
        )
        ours = result.scores.get(OURS)
        if ours and ours.pairs:
            parts.append(squares("R@10 of our search by language of question and passage", ours.pairs))
        for title, table in _tables(result):
            parts.append(f"<h3>{html.escape(title)}</h3>{_html(table)}")
        parts.append("</section>")
    return _PAGE.format(title=f"Retrieval, {html.escape(str(facts['date']))}", body="\n".join(parts))


def _sentence(facts: Mapping[str, Any]) -> str:
    return (
        f"`{facts['command']}` on {facts['date']}: questions {facts['split']}, {facts['documents']} documents, "
        f"{facts['passages']} passages, "
        f"model {facts['model']}, content {str(facts['content'])[:12]}. Means with 95 % bootstrap intervals over questions."
    )


def _summary(results: Sequence[Result]) -> list[list[str]]:
    systems = list(dict.fromkeys(name for result in results for name in result.scores))
    table = [["collection", "measure", "questions", *systems]]
    for result in results:
        collection = result.outcome.collection
        if result.outcome.skipped:
            table.append([collection.name, "skipped", "", *("" for _ in systems)])
            continue
        name, count = result.headline, str(len(result.outcome.questions))
        if any(scores.refusals.unanswerable for scores in result.scores.values()):
            cells = [f"{_share(s.refusals.precision)} / {_share(s.refusals.recall)}" for s in _listed(result, systems)]
            table.append([collection.name, "refusal precision / recall", count, *cells])
        table.append([collection.name, name, count, *(_estimate(s.measures.get(name)) for s in _listed(result, systems))])
    return table


def _listed(result: Result, systems: Sequence[str]) -> list[Scores]:
    return [result.scores[name] for name in systems if name in result.scores]


def _tables(result: Result) -> Iterable[tuple[str, list[list[str]]]]:
    for title, names in (("Documents", _DOCUMENT), ("Passages", _PASSAGE)):
        if any(name in scores.measures for scores in result.scores.values() for name in names):
            rows = [[system, *(_estimate(scores.measures.get(name)) for name in names)] for system, scores in result.scores.items()]
            yield title, [["system", *names], *rows]
    counted = [["system", "overtaken alone", "refused", "refusal precision", "refusal recall", "cited places as printed", "failed", "s"]]
    for system, scores in result.scores.items():
        r = scores.refusals
        places = f"{scores.printed_places} of {scores.cited_places}" if scores.cited_places else "-"
        shares = [_share(r.precision), _share(r.recall)]
        counted.append(
            [
                system,
                str(len(scores.overtaken_alone)),
                f"{r.refused} of {r.asked}",
                *shares,
                places,
                str(len(scores.failed)),
                f"{scores.seconds:.2f}",
            ]
        )
    yield "Counts", counted
    for title, of in (("By style", "by_style"), ("By language of the question", "by_language")):
        groups = sorted({name for scores in result.scores.values() for name in getattr(scores, of)})
        if len(groups) > 1:
            head = ["system", *(f"{result.headline}, {name}" for name in groups)]
            rows = [
                [system, *(_estimate(getattr(scores, of).get(name, {}).get(result.headline)) for name in groups)]
                for system, scores in result.scores.items()
            ]
            yield title, [head, *rows]
    pairs = sorted({pair for scores in result.scores.values() for pair in scores.pairs})
    if len(pairs) > 1:
        head = ["question → passage", *result.scores]
        yield (
            "R@10 by language pair",
            [head, *([f"{q} → {p}", *(_estimate(s.pairs.get((q, p))) for s in result.scores.values())] for q, p in pairs)],
        )


def _estimate(estimate: Estimate | None) -> str:
    return f"{estimate.mean:.3f} ({estimate.low:.3f}–{estimate.high:.3f})" if estimate else "-"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _markdown(table: Sequence[Sequence[str]]) -> list[str]:
    head, *rows = [["" + cell.replace("|", "\\|") for cell in row] for row in table]
    return [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *(f"| {' | '.join(row)} |" for row in rows)]


def _html(table: Sequence[Sequence[str]]) -> str:
    head, *rows = [[html.escape(cell) for cell in row] for row in table]
    titles = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows)
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


def bars(title: str, values: Sequence[tuple[str, Estimate | None]]) -> str:
    """One bar a system from 0 to 1, with its interval as a line; a system without the measure has none."""
    known = [(name, estimate) for name, estimate in values if estimate]
    height, left, width = 26 * len(known) + 30, 110, 420
    parts = [
        f'<svg role="img" viewBox="0 0 {left + width + 70} {height}" width="{left + width + 70}">',
        f"<title>{html.escape(title)}</title>",
    ]
    for step in range(6):
        x = left + width * step / 5
        parts.append(f'<line class="grid" x1="{x:.0f}" x2="{x:.0f}" y1="4" y2="{height - 22}"/>')
        parts.append(f'<text class="axis" x="{x:.0f}" y="{height - 6}" text-anchor="middle">{step / 5:.1f}</text>')
    for place, (name, estimate) in enumerate(known):
        y, end = 6 + 26 * place, left + width * estimate.mean
        kind = "ours" if name == OURS else "other"
        parts.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{html.escape(name)}</text>')
        parts.append(f'<rect class="{kind}" x="{left}" y="{y}" width="{max(0.5, width * estimate.mean):.1f}" height="18"/>')
        low, high = left + width * estimate.low, left + width * estimate.high
        parts.append(f'<line class="interval" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 9}" y2="{y + 9}"/>')
        parts.append(f'<text x="{max(end, high) + 6:.0f}" y="{y + 14}">{estimate.mean:.3f}</text>')
    return "".join([*parts, "</svg>"])


def squares(title: str, pairs: Mapping[tuple[str, str], Estimate]) -> str:
    """A grid of questions' languages by passages' languages; the darker, the more was found. The figure stands in each square."""
    rows, columns = sorted({q for q, _ in pairs}), sorted({p for _, p in pairs})
    size, left, top = 62, 60, 26
    width, height = left + size * len(columns) + 10, top + 30 * len(rows) + 10
    parts = [f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}"><title>{html.escape(title)}</title>']
    parts += [f'<text x="{left + size * (i + 0.5):.0f}" y="18" text-anchor="middle">{html.escape(c)}</text>' for i, c in enumerate(columns)]
    for j, row in enumerate(rows):
        y = top + 30 * j
        parts.append(f'<text x="{left - 8}" y="{y + 19}" text-anchor="end">{html.escape(row)}</text>')
        for i, column in enumerate(columns):
            estimate = pairs.get((row, column))
            if estimate:
                x, dark = left + size * i, "dark" if estimate.mean > 0.6 else "light"
                parts.append(f'<rect class="cell" x="{x}" y="{y}" width="{size - 2}" height="28" fill-opacity="{estimate.mean:.2f}"/>')
                parts.append(f'<text class="{dark}" x="{x + size / 2:.0f}" y="{y + 19}" text-anchor="middle">{estimate.mean:.2f}</text>')
    return "".join([*parts, "</svg>"])


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1b1b1f; }}
table {{ border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }}
th, td {{ border-bottom: 1px solid #d5d5dc; padding: .3rem .6rem; text-align: left; white-space: nowrap; }}
.wide {{ overflow-x: auto; margin: .5rem 0 1.5rem; }}
svg {{ display: block; max-width: 100%; height: auto; font: 13px system-ui, sans-serif; margin: .5rem 0; }}
.ours {{ fill: #1f4e9e; }} .other {{ fill: #9aa5b8; }} .interval {{ stroke: #1b1b1f; stroke-width: 2; }}
.grid {{ stroke: #e3e3ea; }} .axis {{ fill: #5a5a66; }} .cell {{ fill: #1f4e9e; stroke: #d5d5dc; }} .dark {{ fill: #fff; }}
</style></head><body>
{body}
</body></html>
"""
