"""Dutch-language rulings in other projects' normalised forms: one JSON object, or a CSV with a ruling a row.

The texts are official, the form is not: paragraphs may be gone (one run-on line), line breaks may be `|`. Whatever is found in
such text is marked `derived`; identity, court and dates come from the fields. Where the publisher's XML is at hand, prefer it.
Machine-written summaries in the CSV (`summary_full_model`, `summary_cluster_model`) are never read.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ingest.parse.decode import decode, refuse_unreadable
from ingest.parse.dutch import Line, Role, segment
from ingest.parse.model import Metadata, ParsedDocument
from ingest.parse.rechtspraak import split_case_numbers
from ingest.parse.voice_doubt import with_doubt
from ingest.voice_nl import Court, VoiceRules, load_rules
from kb.domain.dates import parse_optional
from kb.domain.documents import Kind
from kb.domain.identifiers import Ecli
from kb.errors import InputRejected, InvalidIdentifier

_SOURCES: Final = re.compile(
    rb'"_source"\s*:\s*"(?:NL/(?:Rechtspraak|BAILII|CRvB|SupremeCourt|HR-Belasting|RaadVanState|RvS)|AW/Courts|CW/Courts|SX/GemHof|SR/SupremeCourt)"'
)
_MARK = re.compile(r"^=== *(?P<name>[A-Z]+) *===[ \t]*$", re.M)
_TITLE = re.compile(r"^ECLI:\S+?,? +(?P<court>.+?) ?, (?P<date>\d{2}-\d{2}-\d{4}) *[,/] *(?P<numbers>.+)$")
_MONTHS: Final = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)
_DAY = re.compile(
    rf"(?:Uitspraak:?\s*|Datum(?: uitspraak)?:?\s*)?(?P<day>\d{{1,2}}) (?P<month>{'|'.join(_MONTHS)}) (?P<year>\d{{4}})\.?", re.I
)
_NUMBER_ALONE = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,4} ?\.?")
_CONTINUES = re.compile(r"[,.;:)\]]|[a-zé]")
_LONG_LINE: Final = 3_000  # characters of a line that cannot be one paragraph
_PLACEHOLDERS: Final = frozenset({"none", "nan", "-", "rechtsgebied", "procedure"})  # empty fields, and labels taken for values


class RechtspraakRowsParser:
    """Reads one JSON object or a CSV of rulings.

    Raises (parse): InputRejected `no-text` for a JSON object without a text, `not-well-formed` for broken JSON or CSV, `no-text`
    for a CSV in which no row has one, `binary` for text that is none.
    """

    name = "rechtspraak-rows"
    version = "2"

    def accepts(self, head: bytes, file_name: str) -> bool:
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
            return bool(_SOURCES.search(head))
        first = head.split(b"\n", 1)[0]
        return file_name.lower().endswith(".csv") and b"identifier" in first and b"description" in first

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:
        text = decode(content).text
        if text.lstrip().startswith("{"):
            try:
                row = json.loads(text)
            except json.JSONDecodeError as error:
                raise InputRejected("not-well-formed", f"{file_name}: not JSON: {error}") from None
            return [self._from_json(row, file_name)]
        documents = [found for row in _csv_rows(text, file_name) if (found := self._from_csv(row)) is not None]
        if not documents:
            raise InputRejected("no-text", f"{file_name}: no row holds a text")
        return documents

    def _from_json(self, row: Mapping[str, Any], file_name: str) -> ParsedDocument:
        text = row.get("text")
        if not isinstance(text, str) or not text.strip():
            raise InputRejected("no-text", f"{file_name}: the field `text` is empty")
        refuse_unreadable(text)
        metadata = _json_metadata(row)
        warnings: list[str] = []
        if metadata.deciding_state == "SR":
            _decision_date_from_text(text, metadata, warnings)
        return self._document(_with_summary(text, _field(row, "summary")), metadata, warnings)

    def _from_csv(self, row: Mapping[str, str]) -> ParsedDocument | None:
        description = row.get("description") or ""
        if not description.strip():
            return None
        refuse_unreadable(description)
        # `|` stands where the publisher had a line break: one character for another, so that offsets hold
        return self._document(_with_summary(description.replace("|", "\n"), _field(row, "summary")), _csv_metadata(row), [])

    def _document(self, parts: tuple[str, int], metadata: Metadata, warnings: list[str]) -> ParsedDocument:
        text, summary_end = parts
        rules = load_rules()
        lines, run_on = _lines(text, summary_end, rules)
        code = metadata.id.split(":")[2] if metadata.id and metadata.id.startswith("ECLI:") else (metadata.id or "").upper()
        found = segment(
            text,
            lines,
            court=Court(code),
            rules=rules,
            opinion=metadata.kind is Kind.OPINION,
            derived=True,
            run_on=run_on,
        )
        return with_doubt(
            ParsedDocument(
                text=text,
                passages=found.passages,
                metadata=metadata,
                parser=f"{self.name}/{self.version}+voice-nl/{rules.version}",
                furniture=found.furniture,
                warnings=warnings + found.warnings,
            )
        )


def _csv_rows(text: str, file_name: str) -> list[dict[str, str]]:
    limit = csv.field_size_limit(5_000_000)
    try:
        return list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise InputRejected("not-well-formed", f"{file_name}: not CSV: {error}") from None
    finally:
        csv.field_size_limit(limit)


# -- lines ------------------------------------------------------------------------------------------------------------------


def _with_summary(text: str, summary: str | None) -> tuple[str, int]:
    """The text with the official abstract before it where it does not hold it yet, and where the abstract ends (0: marked or none)."""
    if _MARK.search(text):
        return text, 0
    if summary is None:
        return text, 0
    bare = " ".join(summary.removesuffix("...").split())[:80]
    if bare and " ".join(text[: len(bare) * 2 + 200].split()).startswith(bare):
        paragraph = re.search(r"\n\s*\n", text)
        return text, paragraph.start() if paragraph else 0
    return f"{summary}\n\n{text}", len(summary)


def _lines(text: str, summary_end: int, rules: VoiceRules) -> tuple[list[Line], bool]:
    """The printed lines, and whether paragraphs run on in one of them."""
    lines: list[Line] = []
    role: Role = "para"
    at = 0
    if summary_end:
        lines.extend(_paragraphs(text, 0, summary_end, "summary"))
        at = summary_end
    for mark in _MARK.finditer(text):
        lines.extend(_paragraphs(text, at, mark.start(), role))
        lines.append(Line(mark.start(), mark.end(), "mark"))
        role = "summary" if mark["name"] == "INHOUDSINDICATIE" else "para"
        at = mark.end()
    lines.extend(_paragraphs(text, at, len(text), role))
    out: list[Line] = []
    body = [line for line in lines if line.role == "para"]
    limit = _LONG_LINE if len(body) > 3 else 0  # hardly a line break: the breaks are gone
    for line in lines:
        if line.role == "para" and line.end - line.start > limit:
            out.extend(_split_run_on(text, line, rules))
        else:
            out.append(line)
    return out, any(line.end - line.start > limit for line in body)


def _paragraphs(text: str, start: int, end: int, role: Role) -> list[Line]:
    """Lines of a stretch of text: by blank lines where it has them, else by line breaks."""
    stretch = text[start:end]
    blank = len(re.findall(r"\n[ \t\u00a0\r]*\n", stretch))
    # the look-behind keeps a run of blanks from being tried at each of its places
    break_ = r"(?<![ \t\u00a0\r])[ \t\u00a0\r]*\n"
    pattern = break_ + (r"(?:[ \t\u00a0\r]*\n)+\s*" if blank * 5 > stretch.count("\n") else r"\s*")
    spans: list[tuple[int, int]] = []
    at = start
    for match in [*re.finditer(pattern, stretch), None]:
        stop = start + match.start() if match else end
        piece = text[at:stop]
        left = at + len(piece) - len(piece.lstrip())
        right = at + len(piece.rstrip())
        if right > left:
            above = text[spans[-1][0] : spans[-1][1]] if spans else ""
            # a number with a line of its own, and a line that goes on where inline mark-up was cut out
            alone = _NUMBER_ALONE.fullmatch(above)
            lower = text[left].islower() and "." in above.rstrip(" .")  # `5.1.` above `wijst de vordering af`
            numbered = alone is not None and (text[left].isupper() or text[left] in "[‘“\"'(" or lower)
            if spans and (
                numbered
                or (_CONTINUES.match(text[left]) and not re.search(r"[.;:!?]$", above) and role == "para" and text[left] in ",.;:)")
            ):
                spans[-1] = (spans[-1][0], right)
            else:
                spans.append((left, right))
        at = start + match.end() if match else end
    return [Line(left, right, role) for left, right in spans]


def _split_run_on(text: str, line: Line, rules: VoiceRules) -> list[Line]:
    """A line that holds a whole ruling, cut at the headings that stand out in it."""
    stretch = text[line.start : line.end]
    found = sorted({*rules.run_on_headings(stretch), *rules.loose_headings(stretch)})
    cuts: list[tuple[int, int]] = []
    for start, end in found:
        lead = re.search(r"(?:^|(?<=\s))(?:\d{1,2}|[IVX]{1,3}) ?\.?\s+$", stretch[max(0, start - 8) : start])
        begin = max(0, start - 8) + lead.start() if lead else start
        colon = re.match(r" {0,2}:", stretch[end : end + 3])
        end += colon.end() if colon else 0
        if not cuts or begin >= cuts[-1][1]:
            cuts.append((begin, end))
    out: list[Line] = []
    at = 0
    for begin, end in [*cuts, (len(stretch), len(stretch))]:
        out.extend(_body(text, line.start + at, line.start + begin))
        if end > begin:
            out.append(Line(line.start + begin, line.start + end, "heading"))
        at = end
    return out


def _body(text: str, start: int, end: int) -> list[Line]:
    piece = text[start:end]
    left, right = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
    return [Line(left, right)] if right > left else []


# -- metadata ---------------------------------------------------------------------------------------------------------------


def _field(row: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.strip() and value.strip().lower() not in _PLACEHOLDERS:
            return value.strip()
    return None


def _json_metadata(row: Mapping[str, Any]) -> Metadata:
    source = _field(row, "_source") or ""
    found = Metadata(language=_field(row, "language") or "nl", court=_field(row, "court"), title=_field(row, "title"))
    ecli = _field(row, "ecli", "_id")
    try:
        found.id = Ecli.parse(ecli or "").value
    except InvalidIdentifier:
        # the Surinamese courts number their published rulings: `SRU-HvJ-2026-5`
        found.id = found.title if found.title and re.fullmatch(r"SRU-[A-Za-z0-9]+-\d{4}-\d+", found.title) else None
    code = found.id.split(":")[2] if found.id and ":" in found.id else ""
    found.deciding_state = "SR" if source.startswith("SR/") else None if code.startswith("OG") else "NL"
    _kind(found, _field(row, "type", "decision_type"), code)
    date = _iso(_field(row, "date"))
    if found.deciding_state == "SR":
        found.published_on = date  # rechtspraak.sr dates its page, not the ruling
    else:
        found.date = date
        found.published_on = _iso(_field(row, "issued", "publication_date"))
    found.sitting = _field(row, "location")
    found.official_url = _field(row, "url")
    numbers = _field(row, "case_number")
    if numbers is None and found.title and (match := _TITLE.match(found.title)):
        numbers = match["numbers"]
    found.case_numbers = split_case_numbers(numbers) if numbers else []
    for related in [*(row.get("related_cases") or []), *(row.get("relations") or [])]:
        target = related if isinstance(related, str) else None
        if target:
            found.relations.append(("related", target))
    for key, value in (
        ("rechtsgebied", _field(row, "subject", "subject_area", "legal_area")),
        ("procedure", _field(row, "procedure", "procedure_type")),
        ("gewijzigd", _field(row, "modified", "modified_date")),
        ("vindplaatsen", "; ".join(c for c in row.get("citations") or [] if isinstance(c, str) and c != "Rechtspraak.nl") or None),
    ):
        if value:
            found.extra[key] = value
    return found


def _csv_metadata(row: Mapping[str, str]) -> Metadata:
    found = Metadata(language="nl", deciding_state="NL", court=_field(row, "creator"), sitting=_field(row, "seat_location"))
    try:
        found.id = Ecli.parse(row.get("identifier") or "").value
    except InvalidIdentifier:
        found.id = None
    code = found.id.split(":")[2] if found.id else ""
    if code.startswith("OG"):
        found.deciding_state = None
    _kind(found, _field(row, "case_type"), code)
    # the year in an ECLI is that of the decision; all that a file without a date column tells
    found.date = _iso(_field(row, "judgment_date")) or (found.id.split(":")[3] if found.id else None)
    found.published_on = _iso(_field(row, "issue_date"))
    numbers = _field(row, "case_number")
    found.case_numbers = split_case_numbers(numbers) if numbers else []
    if found.id:
        found.official_url = f"https://uitspraken.rechtspraak.nl/details?id={found.id}"
    found.relations = [("related", target) for target in re.findall(r"ECLI:[A-Z]{2}:\w+:\d{4}:\w+", row.get("relation") or "")]
    for key, name in (
        ("rechtsgebied", "jurisdiction"),
        ("procedure", "procedures"),
        ("wetsverwijzingen", "references"),
        ("gewijzigd", "modified"),
    ):
        value = _field(row, name)
        if value:
            found.extra[key] = value
    return found


def _kind(found: Metadata, printed: str | None, code: str) -> None:
    opinion = (printed or "").lower() == "conclusie" or (printed is None and code == "PHR")
    found.kind = Kind.OPINION if opinion else Kind.JUDGMENT
    if opinion:
        found.subtype = "advocate-general-opinion"


def _iso(printed: str | None) -> str | None:
    try:
        date = parse_optional(printed[:10] if printed else None)
    except InvalidIdentifier:
        return None
    return date.value if date else None


def _decision_date_from_text(text: str, found: Metadata, warnings: list[str]) -> None:
    """The decision date where a line of the first thirty is nothing but a date (`31 december 2025`, `Uitspraak: 19 januari 2026`)."""
    for line in [line.strip() for line in text.split("\n") if line.strip()][:30]:
        match = _DAY.fullmatch(line)
        if match:
            found.date = _iso(f"{match['year']}-{_MONTHS.index(match['month'].lower()) + 1:02d}-{int(match['day']):02d}")
            warnings.append(f"date-from-text: {line!r}")
            return


PARSER = RechtspraakRowsParser()
