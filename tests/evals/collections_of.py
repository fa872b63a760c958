"""A small collection on disk, over the documents of `tests.factories`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from evals.load import write_qrels

CARD = """title = "Small"
made = "For tests."
judged_by = "The tests."
licence = "EUPL-1.2"
shows_not = "Anything else."
as_of = 2026-11-01
"""


def write(
    root: Path,
    name: str,
    queries: Sequence[Mapping[str, object]],
    qrels: Mapping[str, Mapping[str, int]],
    card: str = CARD,
) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "card.toml").write_text(card, "utf-8")
    rows = ({"lang": "nl", "style": "question", **query} for query in queries)
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    write_qrels(folder / "qrels.txt", qrels)
    return folder
