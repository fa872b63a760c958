"""`python -m evals.identifiers`: the generated part of the collection `identifiers`, by published rules from the catalogue.

Each rule is one way in which people type a number: copied, from memory, from a letter, with a slip of the finger. For every rule a
fixed number of documents is drawn by a hash of their id, so that nobody chooses them. What a typed number means must be certain: one
that fits two documents of the catalogue, or is one character away from another one, is not drawn. Rows that people added by hand
(qids `h…`) stand in the same files and are left alone.
"""

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.load import COLLECTIONS, read_qrels, write_qrels
from kb.domain.identifiers import canonical_document_id
from kb.retrieval.identify import one_error_apart

Typed = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """`of` takes the printed form to what is typed, None where the rule does not fit; `count` documents are drawn."""

    name: str
    field: str  # ecli, case-number, name
    of: Typed
    count: int
    pattern: str = ""  # of the printed form


def _swapped(text: str, at: int) -> str | None:
    left, right = text[at : at + 1], text[at + 1 : at + 2]
    return text[:at] + right + left + text[at + 2 :] if left != right and left.isalnum() and right.isalnum() else None


ECLI_NL, ECLI_EU, ECLI_ANY = r"ECLI:NL:\w+:\d{4}:\d+", r"ECLI:EU:C:\d{4}:\d+", r"ECLI:.+"
DOCKET, NL_CASE, CJEU, ECHR, GERMAN = r"20\d{7}/\d/[VA]\d", r"NL\d\d\.\d+", r"[CT]-\d+/\d\d(?: PPU)?", r"\d+/\d\d", r"\d+ [ABC] \d+\.\d+"
RULES = (
    Rule("ecli as printed", "ecli", lambda t: t, 10, ECLI_ANY),
    Rule("ecli in lower case", "ecli", str.lower, 8, ECLI_ANY),
    Rule("ecli without its first word", "ecli", lambda t: t.removeprefix("ECLI:"), 8, ECLI_NL),
    Rule("ecli with blanks after the colons", "ecli", lambda t: t.replace(":", ": "), 6, ECLI_ANY),
    Rule("ecli with blanks for colons", "ecli", lambda t: t.replace(":", " "), 6, ECLI_NL),
    Rule("ecli in brackets with a full stop", "ecli", lambda t: f"({t}).", 6, ECLI_ANY),
    Rule("ecli with full-width colons", "ecli", lambda t: t.replace(":", "："), 4, ECLI_ANY),
    Rule("ecli with the first word misspelt", "ecli", lambda t: t.replace("ECLI", "ECIL"), 5, ECLI_NL),
    Rule("ecli with one colon left out", "ecli", lambda t: re.sub(r"(\d{4}):(\d+)$", r"\1\2", t), 4, ECLI_NL),
    Rule("ecli with a colon twice", "ecli", lambda t: t.replace(":NL:", "::NL:"), 4, ECLI_NL),
    Rule("ecli with the last two digits swapped", "ecli", lambda t: _swapped(t, len(t) - 2), 5, ECLI_NL),
    Rule("ecli in a sentence", "ecli", lambda t: f"uitspraak van de Afdeling, {t}", 5, r"ECLI:NL:RVS:.+"),
    Rule("docket as printed", "case-number", lambda t: t, 8, DOCKET),
    Rule("docket in lower case", "case-number", str.lower, 5, DOCKET),
    Rule("docket with blanks round the slashes", "case-number", lambda t: t.replace("/", " / "), 5, DOCKET),
    Rule("docket with hyphens", "case-number", lambda t: t.replace("/", "-"), 4, DOCKET),
    Rule("docket without its chamber", "case-number", lambda t: t.rsplit("/", 2)[0], 4, DOCKET),
    Rule("docket with two digits swapped", "case-number", lambda t: _swapped(t, 6), 4, DOCKET),
    Rule("district court number as printed", "case-number", lambda t: t, 8, NL_CASE),
    Rule("district court number with a blank", "case-number", lambda t: f"NL {t[2:]}", 5, NL_CASE),
    Rule("district court number in lower case", "case-number", str.lower, 4, NL_CASE),
    Rule("district court number with its word", "case-number", lambda t: f"zaaknummer {t}", 4, NL_CASE),
    Rule("district court number with a comma", "case-number", lambda t: t.replace(".", ","), 3, NL_CASE),
    Rule("Court of Justice number as printed", "case-number", lambda t: t, 8, CJEU),
    Rule("Court of Justice number without its hyphen", "case-number", lambda t: t.replace("-", ""), 5, CJEU),
    Rule("Court of Justice number with a blank", "case-number", lambda t: t.replace("-", " "), 4, CJEU),
    Rule("Court of Justice number with a long dash", "case-number", lambda t: t.replace("-", "–"), 4, CJEU),
    Rule("Court of Justice number in lower case with its word", "case-number", lambda t: f"zaak {t.lower()}", 4, CJEU),
    Rule("application number", "case-number", lambda t: f"application no. {t}", 5, r"\d{4,5}/\d\d"),
    Rule("German number as printed", "case-number", lambda t: t, 5, GERMAN),
    Rule("German number with its court", "case-number", lambda t: f"BVerwG {t}", 3, r"1 C \d+\.\d+"),
    Rule("case name", "name", lambda t: t, 10, r"[A-Z][a-zé]+(?: (?:and|en|&) [A-Z][a-z]+)?"),
    Rule("case name in lower case", "name", str.lower, 6, r"[A-Z][a-z]+"),
    Rule("case name with its word", "name", lambda t: f"arrest {t}", 5, r"[A-Z][a-z]+"),
    Rule("case name against a state", "name", lambda t: t, 6, r".+ v\. .+"),
    Rule("case name against a state, Dutch", "name", lambda t: t.replace("/", " tegen "), 5, r"[^/]+/[A-Z][^/]+"),
)


def printed(document: Mapping[str, Any], field: str) -> list[str]:
    match field:
        case "ecli":
            return [document["id"]] if str(document["id"]).upper().startswith("ECLI:") else []
        case "case-number":
            return list(document["case_numbers"] or ())
        case _:
            return list(document["aliases"] or ())


def generate(documents: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """(typed text, document id, name of the rule), in the order of the rules."""
    forms = [(field, text, d) for field in ("ecli", "case-number", "name") for d in documents for text in printed(d, field)]
    decisive = [(field, text, d) for field, text, d in forms if d["kind"] != "opinion"]
    meant: dict[str, set[str]] = {}
    for _, text, document in decisive:
        meant.setdefault(_folded(text), set()).add(canonical_document_id(document["id"]))
    seen: set[str] = set()
    for rule in RULES:
        fitting = [(text, d) for field, text, d in decisive if field == rule.field and re.fullmatch(rule.pattern, text)]
        fitting.sort(key=lambda found: hashlib.sha256(f"{rule.name} {found[0]}".encode()).digest())
        drawn = 0
        for text, document in fitting:
            typed = rule.of(text)
            own = canonical_document_id(document["id"])
            if drawn == rule.count or typed is None or typed in seen or meant[_folded(text)] != {own}:
                continue
            if not _certain(_folded(typed), own, meant):
                continue
            seen.add(typed)
            drawn += 1
            yield typed, own, rule.name


def _folded(text: str) -> str:
    return re.sub(r"[^\w]", "", text.casefold())


def _certain(typed: str, own: str, meant: Mapping[str, set[str]]) -> bool:
    """Whether no other document has this number, or one a character away from it."""
    near = (ids for known, ids in meant.items() if known == typed or one_error_apart(typed, known))
    return all(ids == {own} for ids in near)


def catalogue(directory: Path) -> list[dict[str, Any]]:
    files = sorted(directory.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()]


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = list(sys.argv[1:] if arguments is None else arguments) or ["corpus/catalogue"]
    folder = COLLECTIONS / "identifiers"
    path, judged = folder / "queries.jsonl", folder / "qrels.txt"
    held = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
    grades = read_qrels(judged) if judged.is_file() else {}
    by_hand = [row for row in held if row["qid"].startswith("h")]
    rows, made = [], {}
    for number, (text, document, rule) in enumerate(generate(catalogue(Path(chosen[0]))), 1):
        qid = f"r{number:03d}"
        rows.append({"qid": qid, "text": text, "lang": "nl", "style": "identifier", "note": rule})
        made[qid] = {document: 3}
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [*rows, *by_hand]), "utf-8")
    write_qrels(judged, made | {row["qid"]: grades[row["qid"]] for row in by_hand})
    sys.stdout.write(f"{len(rows)} by {len(RULES)} rules, {len(by_hand)} by hand\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
