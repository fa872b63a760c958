"""`dublin-kb-evals`: run the collections, compare two runs, and stop a change that makes answers worse.

    dublin-kb-evals run [COLLECTION ...] [--split dev|test|all] [--baselines] [--json] [--out DIR]
    dublin-kb-evals compare A B          reports, as DIR, report.json or either with :SYSTEM (default kb)
    dublin-kb-evals gate [COLLECTION ...] exit status 1 on a fall beyond noise against `expected.toml`
    dublin-kb-evals pin COLLECTION ...    write `expected.toml` anew, after a change that was meant

Tune on `dev` only: `test` is the half that a hash of the question put aside.
"""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals import gate as gates
from evals.load import COLLECTIONS, Collection, load, names
from evals.measures import score
from evals.recorded import RecordedRun
from evals.report import Result, markdown, to_json, write
from evals.run import OURS, OurSearch, RememberedQueries, System, run_collection
from evals.significance import compare
from kb.errors import CorpusInvalid, KbError
from kb.settings import Settings
from kb.wiring import KnowledgeBase, build_embedder


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 the gate found a fall, 2 the run could not be made."""
    options = _options().parse_args(arguments)
    try:
        return int(options.do(options))
    except KbError as error:
        sys.stderr.write(f"dublin-kb-evals: {error} [{error.code}]\n")
        return 2


def _run(options: argparse.Namespace) -> int:
    wanted = options.systems.split(",") if options.systems else [OURS]
    if options.baselines:
        from evals.baselines import BASELINES

        wanted += [name for name in BASELINES if name not in wanted]
    results, facts = _measured(_chosen(options.collections, options.root), wanted, options, options.trec_run)
    if options.out:
        write(options.out, results, facts)
    sys.stdout.write(json.dumps(to_json(results, facts), ensure_ascii=False, indent=1) + "\n" if options.json else markdown(results, facts))
    return 0


def _compare(options: argparse.Namespace) -> int:
    a, b = _report(options.a), _report(options.b)
    lines = [f"A = {options.a}, B = {options.b}; B minus A, 95 % interval, p of a paired randomisation test", ""]
    for name in [name for name in a if name in b]:
        lines += [name, *_differences(a[name], b[name]), ""]
    if len(lines) == 2:
        raise CorpusInvalid("the two reports have no collection in common")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _differences(a: dict[str, dict[str, float]], b: dict[str, dict[str, float]]) -> list[str]:
    shared = [qid for qid in a if qid in b]
    lines = [f"  {len(shared)} shared questions" + ("" if len(shared) == len(a) == len(b) else f" of {len(a)} and {len(b)}")]
    for measure in dict.fromkeys(measure for qid in shared for measure in a[qid]):
        both = [qid for qid in shared if measure in a[qid] and measure in b[qid]]
        if both:
            c = compare([a[qid][measure] for qid in both], [b[qid][measure] for qid in both])
            lines.append(f"  {measure:<22}{c.a:.3f} → {c.b:.3f}  {c.difference:+.3f} ({c.low:+.3f} to {c.high:+.3f})  p={c.p:.4f}  n={c.n}")
    return lines


def _report(asked: str) -> dict[str, dict[str, dict[str, float]]]:
    """Collection to question to measure. Raises: CorpusInvalid when there is no such report or system."""
    place, _, system = asked.partition(":")
    path = Path(place) / "report.json" if Path(place).is_dir() else Path(place)
    try:
        body = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusInvalid(f"no report in {place}: {error}") from error
    name = system or OURS
    found = {c["name"]: c["systems"][name]["by_question"] for c in body["collections"] if name in c["systems"]}
    if not found:
        raise CorpusInvalid(f"{path} has no system {name!r}")
    return found


def _gate(options: argparse.Namespace) -> int:
    collections = _chosen(options.collections, options.root)
    if not options.collections:
        collections = [collection for collection in collections if collection.card.gated]
    if unpinned := [collection.name for collection in collections if not collection.expected]:
        raise CorpusInvalid(f"nothing is pinned for {', '.join(unpinned)}: run `dublin-kb-evals pin {' '.join(unpinned)}`")
    options.split = "all"
    results, _ = _measured(collections, [OURS], options)
    falls = 0
    for result in results:
        verdicts = gates.check(result)
        falls += sum(verdict.fell for verdict in verdicts)
        sys.stdout.writelines(f"{'FALL' if v.fell else 'ok  '} {result.outcome.collection.name}: {v.sentence}\n" for v in verdicts)
    return 1 if falls else 0


def _pin(options: argparse.Namespace) -> int:
    options.split = "all"
    results, facts = _measured(_chosen(options.collections, options.root), [OURS], options)
    for result in results:
        if result.outcome.skipped:
            sys.stdout.write(f"{result.outcome.collection.name}: not pinned, {result.outcome.skipped}\n")
            continue
        path = options.root / result.outcome.collection.name / "expected.toml"
        path.write_text(gates.pinned(result, facts), "utf-8")
        sys.stdout.write(f"{path.parent.name}: pinned\n")
    return 0


def _measured(
    collections: Sequence[Collection], wanted: Sequence[str], options: argparse.Namespace, runs: Sequence[Path] = ()
) -> tuple[list[Result], dict[str, Any]]:
    kb, embedder = open_base()
    generation = kb.view().generation
    systems = [*_systems(wanted, kb), *(RecordedRun(path, generation.library) for path in runs)]
    if len({system.name for system in systems}) < len(systems):
        raise CorpusInvalid("two systems have one name: change the last column of the TREC run")
    results = []
    for collection in collections:
        outcome = run_collection(collection, systems, generation.library, split=options.split, tell=_tell)
        results.append(Result(outcome, {name: score(outcome, name, generation.library) for name in outcome.answers}))
        embedder.save()
    manifest = generation.manifest
    facts = {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "command": " ".join(["dublin-kb-evals", *options.typed]),
        "split": options.split,
        "documents": manifest.documents,
        "passages": manifest.passages,
        "model": manifest.space.name,
        "content": manifest.content_sha256,
    }
    return results, facts


def open_base() -> tuple[KnowledgeBase, RememberedQueries]:
    """The knowledge base of this process's settings, with an embedder that remembers the vectors of questions."""
    settings = Settings.load()
    embedder = RememberedQueries(build_embedder(settings), settings.data_dir / "evals")
    return KnowledgeBase(settings, embedder=embedder), embedder


def _systems(wanted: Sequence[str], kb: KnowledgeBase) -> list[System]:
    systems: list[System] = [OurSearch(kb)] if OURS in wanted else []
    if others := [name for name in wanted if name != OURS]:
        from evals.baselines import BASELINES, build

        if unknown := [name for name in others if name not in BASELINES]:
            raise CorpusInvalid(f"unknown system {', '.join(unknown)}: there are {', '.join((OURS, *BASELINES))}")
        systems += build(others, kb, kb.settings.data_dir / "evals")
    return systems


def _chosen(asked: Sequence[str], root: Path) -> list[Collection]:
    return [load(name, root) for name in asked or names(root)]


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dublin-kb-evals", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=COLLECTIONS, help="folder of the collections")
    parser.set_defaults(typed=sys.argv[1:])
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="measure; prints Markdown, or JSON")
    run.add_argument("collections", nargs="*", metavar="COLLECTION", help="none: all")
    run.add_argument("--split", choices=["dev", "test", "all"], default="all")
    run.add_argument("--baselines", action="store_true", help="BM25, dense, plain hybrid and LlamaIndex's default beside ours")
    run.add_argument("--systems", help="comma-separated, instead of ours alone: kb,bm25,dense,hybrid,llamaindex")
    run.add_argument("--trec-run", type=Path, action="append", default=[], metavar="FILE", help="another system's answers; may be repeated")
    run.add_argument("--json", action="store_true", help="print the whole report as JSON")
    run.add_argument("--out", type=Path, help="folder for report.json, report.md, report.html and TREC runs")
    run.set_defaults(do=_run)
    compared = commands.add_parser("compare", help="two reports, or two systems of one")
    compared.add_argument("a", metavar="A")
    compared.add_argument("b", metavar="B")
    compared.set_defaults(do=_compare)
    gate = commands.add_parser("gate", help="exit 1 on a fall beyond noise")
    gate.add_argument("collections", nargs="*", metavar="COLLECTION", help="none: those whose card says `gated`")
    gate.set_defaults(do=_gate)
    pin = commands.add_parser("pin", help="write expected.toml")
    pin.add_argument("collections", nargs="+", metavar="COLLECTION")
    pin.set_defaults(do=_pin)
    return parser


if __name__ == "__main__":
    sys.exit(main())
