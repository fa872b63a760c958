"""The table of cases: what an assessment must show for each, and how much of the judged contrary evidence it puts in the first five.

`python -m evals.cases` runs them over the index of `KB_DATA_DIR` and prints what differs and the recall figures; with `--search-alone`
the figures of the search without what the legal tests mark.
"""

import datetime as dt
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kb.domain.dates import parse_day
from kb.domain.identifiers import canonical_document_id
from kb.law.assess import Assessment
from kb.law.assess import assess as assessed
from kb.law.case import Case
from kb.wiring import KnowledgeBase

CASES = Path(__file__).resolve().parent / "collections" / "cases"
TODAY = dt.date(2026, 11, 24)  # the corpus stands still at this day
K = 5
_EXPECTED = {
    "framework", "version", "regime", "track", "elements", "absent_elements", "positions", "authorities", "absent", "warnings",
    "no_warnings", "warning_rules", "no_warning_rules", "contrary", "supporting",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case with what is expected of its assessment. `contrary` and `supporting`: element -> documents judged to stand there."""

    name: str
    title: str
    facts: Mapping[str, Any]
    framework: str | None
    as_of: dt.date | None
    expected: Mapping[str, Any]

    @property
    def contrary(self) -> dict[str, list[str]]:
        return _judged(self.expected.get("contrary", {}))

    @property
    def supporting(self) -> dict[str, list[str]]:
        return _judged(self.expected.get("supporting", {}))


@dataclass(frozen=True, slots=True)
class Recall:
    """Judged documents that stand among the first five of their side. `missed`: (case, element, document)."""

    judged: int = 0
    found: int = 0
    missed: tuple[tuple[str, str, str], ...] = ()

    @property
    def value(self) -> float:
        return self.found / self.judged if self.judged else 1.0

    def __add__(self, other: "Recall") -> "Recall":
        return Recall(self.judged + other.judged, self.found + other.found, (*self.missed, *other.missed))


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    differences: tuple[str, ...]
    contrary: Recall
    supporting: Recall
    found: Assessment = field(repr=False)


def load(directory: Path = CASES) -> list[CaseFile]:
    """Every case file in name order. Raises: ValueError, naming the file, for an unknown key."""
    return [_read(path) for path in sorted(directory.glob("*.toml"))]


def assess(base: KnowledgeBase, case: CaseFile, *, language: str = "nl", marks: bool = True) -> Assessment:
    facts = Case.parse(case.facts, country=base.law.facts.country)
    view = base.view()
    return assessed(view, base.law, facts, framework=case.framework, as_of=case.as_of, today=TODAY, language=language, marks=marks)


def examine(base: KnowledgeBase, case: CaseFile, *, language: str = "nl", marks: bool = True) -> Outcome:
    """The assessment of a case, with what differs from what is expected of it; without `marks`, of what the search finds alone."""
    found = assess(base, case, language=language, marks=marks)
    return Outcome(
        case.name,
        tuple(differences(found, case.expected)),
        recall(case.name, found, case.contrary, "contrary"),
        recall(case.name, found, case.supporting, "supporting"),
        found,
    )


def differences(found: Assessment, expected: Mapping[str, Any]) -> Iterable[str]:
    """One sentence for each expectation that is not met."""
    plain = {
        "framework": found.framework.id,
        "version": found.version.id,
        "regime": str(found.regime.id),
        "track": str(found.track),
    }
    for name, value in plain.items():
        if name in expected and expected[name] != value:
            yield f"{name} is {value}, expected {expected[name]}"
    shown = {hit.hit.document.id for e in found.elements for hit in (*e.supporting, *e.contrary)}
    named = {a.document_id for a in found.authorities()}
    codes, rules = {w.code for w in found.warnings}, {w.rule for w in found.warnings}
    elements = {item.element.id for item in found.elements}
    there: list[tuple[str, set[str]]] = [
        ("elements", elements),
        ("positions", {item.position.id for item in found.positions}),
        ("authorities", named | shown),
        ("warnings", codes),
        ("warning_rules", rules),
    ]
    for name, have in there:
        if missing := _ids(name, expected) - have:
            yield f"{name} lack {', '.join(sorted(missing))}"
    absent = [("absent", named | shown), ("absent_elements", elements), ("no_warnings", codes), ("no_warning_rules", rules)]
    for name, have in absent:
        if surplus := _ids(name, expected) & have:
            yield f"{name}: {', '.join(sorted(surplus))} should not be there"


def recall(case: str, found: Assessment, judged: Mapping[str, list[str]], side: str) -> Recall:
    """Of the documents judged to stand on a side of an element, those with a passage among its first five."""
    by_id = {item.element.id: item for item in found.elements}
    missed, total = [], 0
    for element, documents in judged.items():
        hits = getattr(by_id[element], side)[:K] if element in by_id else ()
        shown = {hit.hit.document.id for hit in hits}
        for document in documents:
            total += 1
            if document not in shown:
                missed.append((case, element, document))
    return Recall(total, total - len(missed), tuple(missed))


def _ids(name: str, expected: Mapping[str, Any]) -> set[str]:
    values = expected.get(name, [])
    return {canonical_document_id(value) for value in values} if name in ("authorities", "absent") else set(values)


def _judged(table: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {element: [canonical_document_id(document) for document in documents] for element, documents in table.items()}


def _read(path: Path) -> CaseFile:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    stray = (set(data) - {"title", "framework", "as_of", "case", "expected"}) | (set(data["expected"]) - _EXPECTED)
    if stray:
        raise ValueError(f"{path.name}: unknown keys {', '.join(sorted(stray))}")
    as_of = parse_day(data["as_of"]).first_day if "as_of" in data else None
    return CaseFile(path.stem, data["title"], data["case"], data.get("framework"), as_of, data["expected"])


def main() -> int:
    from kb.settings import Settings
    from kb.wiring import build_embedder

    settings = Settings.load()
    base = KnowledgeBase(settings, embedder=build_embedder(settings, bulk=True))  # the same vectors, faster
    alone = "--search-alone" in sys.argv[1:]
    contrary, supporting, failed = Recall(), Recall(), 0
    for case in load():
        outcome = examine(base, case, marks=not alone)
        contrary, supporting = contrary + outcome.contrary, supporting + outcome.supporting
        differences_told = () if alone else outcome.differences  # the marks are among what a case expects
        failed += bool(differences_told)
        for difference in differences_told:
            sys.stdout.write(f"{case.name}: {difference}\n")
    for name, figure in (("contrary", contrary), ("supporting", supporting)):
        sys.stdout.write(f"recall@{K} of judged {name} documents: {figure.value:.3f} ({figure.found} of {figure.judged})\n")
        for missed in figure.missed:
            sys.stdout.write(f"  missed: {' / '.join(missed)}\n")
    return int(failed > 0 or (contrary.value < 0.8 and not alone))


if __name__ == "__main__":
    sys.exit(main())
