"""Other projects' normalised JSON of European and foreign sources: one object, or a list of them, with `_source` and `text`.

The texts are the publishers', the form is not. Identity and dates come from the fields, except where the text prints them (fields
were seen to hold placeholders: 1 January for the Belgian Constitutional Court, a wrong year for the CNDA, `MS WORD` for an
application number). Numbers and voices are found in running text and marked `derived`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ingest.parse import patterns
from ingest.parse.cjeu import assemble, printed_date
from ingest.parse.decode import decode
from ingest.parse.gate import refuse_error_text
from ingest.parse.model import Metadata, ParsedDocument
from ingest.parse.outline import Block, Role, passages_of
from ingest.parse.report_facts import add_facts, read_facts
from ingest.parse.segments import segment, settings
from ingest.parse.voice_doubt import with_doubt
from ingest.voice_eu import base_language, cjeu_section
from kb.domain.dates import parse_optional
from kb.domain.documents import Kind, Voice
from kb.domain.identifiers import Ecli
from kb.errors import InputRejected, InvalidIdentifier

NAME: Final = "rows"
VERSION: Final = "3"
_SOURCE = re.compile(rb'"_source"\s*:\s*"([A-Za-z]{2,3}/[\w\- ]{1,60})"')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd\ud800-\udfff]")
_MAX_CONTROL_SHARE: Final = 0.02
_PRINTED_ECLI = re.compile(
    r"ECLI:[A-Z]{2}:[A-Z][A-Z0-9]{0,6}:\d{4}:[ \u00a0]?[A-Z0-9](?:[A-Z0-9.]{0,23}[A-Z0-9])?(?:\.[ \u00a0][\d.]{1,12}\d)?"
)
_APPLICATION = re.compile(r"(?:Applications? nos?\.|Requêtes? n ?o ?s?|Requêtes? n[°º]s?)\s*((?:\d{1,5}/\d{2}(?:,| and| et)?\s*){1,12})")
_APPLICATION_NUMBER = re.compile(r"\d{1,5}/\d{2}")
_ECHR_ECLI = re.compile(r"ECLI:CE:ECHR:\d{4}:\d{4}(?:JUD|DEC|REP)(\d{7})(\d{2})")
_KINDS: Final = {
    "judgment": Kind.JUDGMENT,
    "views": Kind.VIEWS,
    "report": Kind.REPORT,
    "regulation": Kind.REGULATION,
    "debate": Kind.DEBATE,
}


@cache
def _entries() -> tuple[dict[str, Any], ...]:
    return tuple(patterns.load("rows")["source"])


def entry_of(source: str) -> dict[str, Any] | None:
    """The entry of corpus/patterns/rows.toml for a `_source`: the longest name that it begins with."""
    found = [entry for entry in _entries() if source == entry["name"] or (entry["name"].endswith("/") and source.startswith(entry["name"]))]
    return max(found, key=lambda entry: len(entry["name"]), default=None)


def refuse_garbled(text: str, name: str) -> None:
    """Nothing for readable text.

    Raises: InputRejected `no-text` for an empty field, `garbled` for NUL characters or more than 2 % control and replacement
    characters (a text stored as UTF-16 in a JSON field was seen), `error-page` for an error message in place of a text.
    """
    if not text.strip("\ufeff \t\r\n\u00a0"):
        raise InputRejected("no-text", f"{name}: the field `text` is empty")
    strange = len(_CONTROL.findall(text))
    if "\x00" in text or strange > _MAX_CONTROL_SHARE * len(text):
        raise InputRejected("garbled", f"{name}: {strange} of {len(text)} characters are controls: not readable text")
    try:
        refuse_error_text(text)
    except InputRejected as problem:
        reason = {"error-text": "error-page", "unreadable-text": "garbled"}.get(problem.reason, problem.reason)
        raise InputRejected(reason, f"{name}: {problem}") from None


@dataclass(frozen=True, slots=True)
class RowsParser:
    """Reads `asylum-json`, `eu-json`, `hudoc-json`, `un-json`, `reports-json`, `parlement-json`, `other-json`."""

    name: str = NAME
    version: str = VERSION

    def accepts(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002
        if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] not in (b"{", b"["):
            return False
        found = _SOURCE.search(head)
        return bool(found and entry_of(found[1].decode("ascii")))

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:
        try:
            data = json.loads(decode(content).text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputRejected("not-well-formed", f"{file_name}: not JSON: {error}") from None
        rows = data if isinstance(data, list) else [data]
        if not rows or not all(isinstance(row, dict) for row in rows):
            raise InputRejected("unknown-format", f"{file_name}: not an object with `_source` and `text`")
        return [self._document(row, file_name) for row in rows]

    def _document(self, row: Mapping[str, Any], file_name: str) -> ParsedDocument:
        source = str(row.get("_source") or "")
        entry = entry_of(source)
        if entry is None:
            raise InputRejected("unknown-format", f"{file_name}: nothing is known of the source {source[:40]!r}")
        text = row.get("text")
        if not isinstance(text, str):
            raise InputRejected("no-text", f"{file_name}: there is no field `text`")
        refuse_garbled(text, file_name)
        warnings: list[str] = []
        if entry["shape"] == "cjeu" or _is_cjeu(text):
            return self._cjeu(row, text, warnings)
        metadata = _metadata(row, entry, text, warnings)
        if metadata.kind is Kind.REPORT:
            metadata.published_on = metadata.published_on or metadata.date
            add_facts(metadata, read_facts(text[:200].splitlines()[:1], text, metadata.title or "", metadata.court))
        profile = settings(entry, base_language(metadata.language))
        found = segment(text, profile)
        if entry.get("questions"):
            _answers(found.drafts)
        if not found.drafts:
            raise InputRejected("no-text", f"{file_name}: no passage could be read")
        return with_doubt(
            ParsedDocument(
                text, passages_of(found.drafts), metadata, f"{NAME}/{VERSION}", furniture=sorted(found.furniture), warnings=warnings
            )
        )

    def _cjeu(self, row: Mapping[str, Any], text: str, warnings: list[str]) -> ParsedDocument:
        metadata = Metadata(language=_string(row, "language") or None, official_url=_string(row, "url") or None)
        ecli = _ecli(_string(row, "ecli"))
        celex = _string(row, "celex_id")
        metadata.id = ecli or celex or None
        if celex and celex != metadata.id:
            metadata.aliases.append(celex)
        if celex:
            metadata.extra["celex"] = celex
        metadata.date = _date(_string(row, "date"))
        parts = _string(row, "title").split("#")
        if len(parts) > 1 and parts[1].strip():
            metadata.title = parts[1].strip().rstrip(".")
        blocks = list(plain_cjeu_blocks(text))
        return assemble(blocks, metadata, parser=f"{NAME}-cjeu/{VERSION}", derived=True, warnings=warnings)


# ---------------------------------------------------------------------------------------------- fields


def _string(row: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = row.get(name)
        if isinstance(value, list):
            value = ", ".join(str(item) for item in value if item)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def _ecli(text: str) -> str | None:
    try:
        return Ecli.parse(text).value
    except InvalidIdentifier:
        return None


def _date(text: str) -> str | None:
    try:
        found = parse_optional(text[:10])
    except InvalidIdentifier:
        return None
    return found.value if found else None


def _metadata(row: Mapping[str, Any], entry: Mapping[str, Any], text: str, warnings: list[str]) -> Metadata:
    metadata = Metadata(kind=_KINDS.get(entry["kind"], Kind.OTHER), deciding_state=entry.get("state"), subtype=entry.get("subtype"))
    metadata.official_url = _string(row, "url") or None
    field_ecli = _ecli(_string(row, "ecli"))
    printed = _own_ecli(text, entry.get("state"))
    metadata.id = printed or field_ecli
    if printed and field_ecli and printed != field_ecli:
        warnings.append(f"the text prints {printed}, the file says {field_ecli}: the printed one is taken")
        metadata.aliases.append(field_ecli)
    if name := entry.get("identifier"):
        metadata.id = metadata.id or _string(row, name) or None
    metadata.language = _language(row, entry, text, warnings)
    metadata.date = _printed_date(entry, text) or _date(_string(row, "date"))
    given = _date(_string(row, "date"))
    if metadata.date and given and metadata.date != given:
        warnings.append(f"the text prints the date {metadata.date}, the file says {given}: the printed one is taken")
    metadata.court = _court(row, entry, text)
    for key, state in entry.get("states", ()):
        if key in text[:2000]:
            metadata.deciding_state = state
    if entry["name"] == "CoE/HUDOC":
        metadata.case_numbers = _applications(text, metadata.id)
    else:
        metadata.case_numbers = [number for name in entry.get("cases", ()) for number in _numbers(_string(row, name))]
    title = _string(row, "title")
    if not title or title in patterns.load("rows")["mistaken"]:
        title = ", ".join([*metadata.case_numbers[:1], *([metadata.date] if metadata.date else [])])
        if metadata.court and title:
            title = f"{metadata.court} {title}"
    metadata.title = title or metadata.id
    for name in ("respondent_state", "conclusion", "importance_level", "decision_type", "country", "keywords", "state", "visit_type"):
        if value := _string(row, name):
            metadata.extra[name] = value
    if name := _string(row, "answer_author"):
        metadata.extra["answer_author"] = name
    if metadata.kind is Kind.JUDGMENT and re.match(r"Beschluss|Order|Ordonnance|Beschikking", _string(row, "decision_type"), re.I):
        metadata.subtype = metadata.subtype or "order"
    return metadata


def _own_ecli(text: str, state: str | None) -> str | None:
    """The decision's own ECLI, where its first or last lines print one of its own state (with a blank in it, if need be)."""
    for piece in (text[:600], text[-260:]):
        for found in _PRINTED_ECLI.finditer(piece):
            ecli = _ecli(re.sub(r"[ \u00a0]", "", found[0]))
            if ecli and state and ecli.split(":")[1] == state:
                return ecli
    return None


def _language(row: Mapping[str, Any], entry: Mapping[str, Any], text: str, warnings: list[str]) -> str | None:
    given = base_language(_string(row, "language")) or entry.get("language")
    if candidates := entry.get("detect"):
        middle = len(text) // 3
        detected = _detected(text[middle : middle + 4000], tuple(candidates))
        if given and given != detected:
            warnings.append(f"the file says its language is {given}, the text is in {detected}")
        return detected
    return "nb" if entry.get("language") == "nb" else given or None


@cache
def language_identifier() -> Any:
    from py3langid import langid  # its model is read once, and only where a source mixes languages

    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)


def _detected(sample: str, candidates: tuple[str, ...]) -> str:
    """The likeliest language of `sample` among the source's own."""
    identifier = language_identifier()
    identifier.set_languages(list(candidates))
    return str(identifier.classify(sample)[0])


def _printed_date(entry: Mapping[str, Any], text: str) -> str | None:
    found = re.search(entry["dated"], text[:4000]) if "dated" in entry else None
    dated = printed_date(found[1].replace("1er", "1")) if found else None
    return dated[0] if dated else None


def _court(row: Mapping[str, Any], entry: Mapping[str, Any], text: str) -> str | None:
    for key, court in entry.get("courts", ()):
        if key in (_string(row, "symbol") + _string(row, "_id") + text[:300]):
            return str(court)
    given = str(entry.get("court") or "") or _string(row, "gericht", "court_name", "court", "body", "creator")
    return given.split(":")[0].strip() or None  # Bavaria's field goes on with the subject


def _numbers(text: str) -> Iterable[str]:
    return (part for piece in re.split(r"\s*[|;]\s*", text) if (part := " ".join(piece.split())))


def _applications(text: str, ecli: str | None) -> list[str]:
    """Application numbers as printed on the first page, else the one in the ECLI (seven digits and the year)."""
    if found := _APPLICATION.search(text[:3000]):
        return list(dict.fromkeys(_APPLICATION_NUMBER.findall(found[1])))
    inside = _ECHR_ECLI.match(ecli or "")
    return [f"{int(inside[1])}/{inside[2]}"] if inside else []


def _answers(drafts: Sequence[Any]) -> None:
    """In a parliamentary question the answer is the minister's."""
    for draft in drafts:
        if draft.heading_path and draft.heading_path[0].upper().startswith("RÉPONSE"):
            draft.voice, draft.derived = Voice.MINISTER, True


# ---------------------------------------------------------------------------------------------- texts of the Court of Justice

_EMPHASIS = re.compile(r"(?<!\()\*{1,3}(?!\))|(?<![\w/])_(?=\S)|(?<=\S)_(?![\w/])")
_SPLIT_EMPHASIS = re.compile(r"(?<!\w)(\w*)\*{4}(?=(.))")
_ESCAPE = re.compile(r"\\([.\-+#*_()\[\]])")
_NUMBERED = re.compile(r"(\d{1,4})\.?[ \u00a0]+(?=\S)")
_ENUMERATION = re.compile(r"([IVXL]{1,6}|[A-Z]|\d{1,2}|\([a-z]\)|\(\d{1,2}\)|\([ivx]{1,4}\))\\?\.?\s+")
_ENUMERATION_LEVELS: Final = ((r"[IVXL]+", 1), (r"[A-Z]", 2), (r"\d+", 3), (r"\([a-z]\)", 4), (r"\(\d+\)", 5), (r".*", 6))
_RULE = re.compile(r"\*(?: ?\*){2,}")
_NOTE_LINE = re.compile(r"(?:\(?\*\)?|\(?\d{1,3}\)?|[ivx]{1,4})\s")


def _is_cjeu(text: str) -> bool:
    head = text[:400].upper()
    return any(mark in head for mark in ("URTEIL DES GERICHTSHOFS", "JUDGMENT OF THE COURT (", "ARREST VAN HET HOF", "ARRÊT DE LA COUR ("))


def plain_cjeu_blocks(text: str) -> Iterable[Block]:
    """Blocks of a text of the Court of Justice that was turned into plain paragraphs, with or without marks of emphasis.

    The marks are the carrier's, not the Court's: they tell headings (bold, bold italics, italics) and go.
    """
    expected, numbered, notes, joined = 1, False, False, ""
    pieces = [piece for piece in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if piece.strip()]
    marked = text.count("**") > 10
    for index, piece in enumerate(pieces):
        lines = [line.strip(" \t") for line in piece.split("\n") if line.strip(" \t\u00a0")]
        raw = " ".join(lines).strip() if not any("|" in line for line in lines) else "\n".join(lines)
        if joined:
            raw, joined = f"{joined} {raw}", ""
        if not raw:
            continue
        if _RULE.fullmatch(raw):
            notes = notes or numbered
            continue
        emphasis = _emphasis(raw) if marked else 0
        raw = _SPLIT_EMPHASIS.sub(_rejoined, raw)
        words = re.sub(r"(?<! ) +(?=[.,;:)])", "", " ".join(_ESCAPE.sub(r"\1", _EMPHASIS.sub("", raw)).split(" "))).strip()
        words = re.sub(r" ?\u2011 ?", "\u2011", re.sub(r"\( (?=\S)", "(", re.sub(r" {2,}", " ", words)))
        if not words:
            continue
        if words == str(expected) and index + 1 < len(pieces):
            joined = words  # the number stood in a line of its own
            continue
        block = Block(words)
        found = _NUMBERED.match(words)
        if notes:
            block.role = Role.NOTE if _NOTE_LINE.match(words) else Role.TEXT
        elif found and int(found[1]) == expected and not emphasis and not raw.startswith(f"{found[1]}\\"):
            block.role, block.number = Role.NUMBER, found[1]
            expected, numbered = expected + 1, True
        elif re.fullmatch(r"\[?(?:Signatures?|Unterschriften|ondertekeningen)\]?", words):
            block.role, notes = Role.SIGNATURE, True
        elif not numbered and index < 12 and re.match(r"[(„‛‘“]\s?\S", words) and (" – " in words or " — " in words) and len(words) > 60:
            block.role = Role.KEYWORDS
        elif not numbered and index < 8 and not emphasis and (words.isupper() or _titled(words)):
            block.role, block.level = Role.TITLE, 1
        elif emphasis and len(words) < 300 and not words.endswith((".", ":", ";", ",")):
            block.role, block.level, block.weak = Role.HEADING, emphasis, True
        elif not marked and numbered and _heads(words, pieces, index, expected):
            block.role, block.level, block.weak = Role.HEADING, 2 if cjeu_section([words]) else 3, True
        if emphasis and not numbered:
            block.bold = words
        elif raw.startswith("**") and not numbered:
            block.bold = raw.split("**")[1].strip()
        yield block


def _heads(words: str, pieces: Sequence[str], index: int, expected: int) -> bool:
    """A short line without a final stop, with the next number (or another such line) after it: in texts that lost their emphasis."""
    if len(words) > 220 or words.endswith((".", ":", ";", ",", "”", "“", "’")) or not words[0].isupper():
        return False
    for following in pieces[index + 1 : index + 4]:
        words = following.strip()
        if re.match(rf"{expected}(?:\s|$)", words):
            return True
        if len(words) > 220 or words.endswith((".", ":", ";", ",")):
            return False
    return False


def _rejoined(match: re.Match[str]) -> str:
    """Emphasis that ends and begins again in one place: a blank was there, unless it split a word after its capital or a number."""
    before, after = match[1], match[2]
    joined = (len(before) == 1 and before.isupper() and after.islower()) or not after.isalnum() or (before.isdigit() and after.isdigit())
    return before + ("" if joined else " ")


def _titled(words: str) -> bool:
    upper = words.split("(")[0].strip()
    return (
        (upper.isupper() and len(words) < 120) or (len(words) < 40 and printed_date(words) is not None) or words.startswith("Provisional")
    )


def _emphasis(raw: str) -> int:
    """2 bold, 3 bold italics, 4 italics when the whole of `raw` is set so, else 0. An enumeration before it tells the level."""
    if (found := _ENUMERATION.match(raw)) and raw[found.end() :].startswith(("**", "_")) and _emphasis(raw[found.end() :]):
        return next(level for shape, level in _ENUMERATION_LEVELS if re.fullmatch(shape, found[1]))
    if re.fullmatch(r"\*\* ?_?.+?_?\*\*", raw) and "**" not in raw[2:-2].strip("*"):
        return 3 if re.fullmatch(r"\*\*\s*_.+_\s*\*\*", raw) else 2
    outside = re.sub(r"_\*\*(?:[^*]|\*(?!\*))*\*\*_|\*\*(?:[^*]|\*(?!\*))*\*\*|_[^_]+_", "", raw)
    if raw.startswith(("_", "*")) and raw.endswith(("_", "*")) and len(re.sub(r"[\s‑/–—.,\d-]", "", outside)) == 0:
        return (3 if raw.startswith("_") else 2) if "**" in raw else 4
    return 0


PARSER: Final = RowsParser()
