"""The starter corpus: catalogue, digests and guides under corpus/, checked against their schema and read as domain objects.

`python -m ingest.corpus [DIR]` prints every problem of a corpus and exits with 1 when there is one. What the files mean to a
lawyer stands in corpus/README.md.
"""

import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kb.domain.courts import Courts
from kb.domain.dates import LegalDate, parse_optional
from kb.domain.documents import Document, Expression, Kind, Passage, TextStatus, Track, Treatment, Voice, unique_slugs
from kb.domain.identifiers import canonical_document_id
from kb.domain.pinpoints import HOLDING, Pinpoint, PinpointKind
from kb.errors import CorpusInvalid, InvalidIdentifier

PARSER = "corpus/1"
LANGUAGES = ("en", "nl")
TREATMENT_TYPES = frozenset(
    {"follows", "applies", "clarifies", "distinguishes", "departs-from", "overrules", "superseded-by-legislation", "set-aside"}
)
EFFECTS = frozenset({"none", "caution", "overtaken"})
TRACKS = frozenset(track.value for track in Track)
DOCUMENT_STATUSES = frozenset({"verified", "unverified"})
PASSAGE_STATUSES = frozenset({"verified", "verified-indirect", "secondary", "unverified"})
_GUIDE_COURT = "kb"
_MACHINE_PATH = re.compile(
    r"(?:^|[\s(\"'=])(?:\.{1,2}/|~/|/(?:work|tmp|home|root|usr|var|mnt|opt|Users)/|[A-Za-z]:\\)|file://|github:|\breal/[a-z-]+/"
)

Alias = tuple[str, str]  # (name, kind): `case-name`, `former-id`, `number`
Entry = tuple[Document, list[Alias], list[tuple[Expression, list[Passage]]]]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one file of a corpus. `rule` is a stable word; `where` a document id, a line or a heading."""

    file: str  # relative to the corpus directory
    where: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.message} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class CorpusContent:
    """A whole corpus. `externals` are cited but not catalogued: identifier -> the ids of the documents that cite it.
    `sha256` is that of every file read, by name and content: the version of the corpus."""

    documents: list[Entry]
    treatments: list[Treatment]
    externals: dict[str, list[str]]
    sha256: str


def load_corpus(corpus_dir: Path) -> CorpusContent:
    """Everything under `corpus_dir`, in a fixed order. Raises: CorpusInvalid with the problems found, when there is one."""
    files = _read(corpus_dir)
    problems = _check(files)
    if problems:
        shown = "\n".join(f"  {problem}" for problem in problems[:20])
        more = f"\n  … and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise CorpusInvalid(f"{len(problems)} problem(s) in {corpus_dir.name}/, see `python -m ingest.corpus`:\n{shown}{more}")
    digests = {canonical_document_id(digest.data["id"]): digest for digest in files.digests}
    documents: list[Entry] = []
    treatments: list[Treatment] = []
    cited: dict[str, set[str]] = {}
    for row in files.rows:
        document = _document(row.data)
        digest = digests[document.id]
        documents.append((document, _aliases(row.data), [_digest_text(digest, document, language) for language in LANGUAGES]))
        treatments += [_treatment(edge, document) for edge in row.data["treatment"]]
        for identifier in row.data["cites"]:
            cited.setdefault(canonical_document_id(identifier), set()).add(document.id)
    documents += _guide_documents(files.guides)
    known = {document.id for document, _, _ in documents}
    externals = {identifier: sorted(by) for identifier, by in sorted(cited.items()) if identifier not in known}
    return CorpusContent(documents, treatments, externals, files.sha256)


def check_corpus(corpus_dir: Path) -> list[Problem]:
    """Every way in which the files break their schema, in file order; an empty list for a sound corpus."""
    return _check(_read(corpus_dir))


def safe_file_name(document_id: str) -> str:
    """The name of a document's digest: its id with everything but letters, digits, dots and hyphens as `_`, and `.toml`."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", document_id) + ".toml"


# reading ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """One line, digest or guide as it stands in its file."""

    file: str
    data: dict[str, Any]
    content: bytes
    body: str = ""  # of a guide, below its head


@dataclass(slots=True)
class _Files:
    rows: list[_Source] = field(default_factory=list)
    digests: list[_Source] = field(default_factory=list)
    guides: list[_Source] = field(default_factory=list)
    courts: Courts | None = None
    problems: list[Problem] = field(default_factory=list)
    sha256: str = ""


def _read(corpus_dir: Path) -> _Files:
    files = _Files()
    digest = hashlib.sha256()
    for path in _paths(corpus_dir):
        name = path.relative_to(corpus_dir).as_posix()
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
        try:
            text = content.decode("utf-8")
            if path.suffix == ".jsonl":
                files.rows += list(_lines(name, text))
            elif path.suffix == ".md":
                files.guides.append(_guide_source(name, text, content))
            elif path.name == "courts.toml":
                files.courts = Courts.load(path)
            else:
                files.digests.append(_Source(name, tomllib.loads(text), content))
        except (ValueError, CorpusInvalid) as error:  # also UnicodeDecodeError, JSONDecodeError, TOMLDecodeError
            files.problems.append(Problem(name, "whole file", "unreadable", str(error)))
    if not files.rows:
        files.problems.append(Problem("catalogue", "whole folder", "unreadable", f"no catalogue lines in {corpus_dir.name}/catalogue"))
    if files.courts is None:
        files.problems.append(Problem("courts/courts.toml", "whole file", "unreadable", "no usable courts.toml"))
    files.sha256 = digest.hexdigest()
    return files


def _paths(corpus_dir: Path) -> Iterator[Path]:
    for folder, pattern in (("catalogue", "*.jsonl"), ("digests", "*.toml"), ("guides", "*.md"), ("courts", "courts.toml")):
        yield from sorted((corpus_dir / folder).glob(pattern))


def _lines(name: str, text: str) -> Iterator[_Source]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number}: {error}") from error
        if not isinstance(row, dict):
            raise ValueError(f"line {number}: not a JSON object")
        yield _Source(f"{name}:{number}", row, line.encode())


def _guide_source(name: str, text: str, content: bytes) -> _Source:
    head, mark, body = text.removeprefix("+++\n").partition("\n+++\n")
    if not text.startswith("+++\n") or not mark:
        raise ValueError("a guide starts with its head between two lines of +++")
    return _Source(name, tomllib.loads(head), content, body)


# documents -------------------------------------------------------------------------------------------------------------------


def _document(row: Mapping[str, Any]) -> Document:
    case_name = row.get("case_name") or {}
    short_title = row.get("short_title") or {}  # of an act
    extra = {
        "printed_id": row["id"] if row["id"] != canonical_document_id(row["id"]) else "",
        "case_name": case_name.get("en", ""),
        "case_name_nl": case_name.get("nl", ""),
        "short_title": short_title.get("en", ""),
        "short_title_nl": short_title.get("nl", ""),
        "official_journal": row.get("official_journal") or "",
        "seen_at": row["seen_at"],
        "remarks_en": "\n".join(row["remarks"]["en"]),
        "remarks_nl": "\n".join(row["remarks"]["nl"]),
        "doubts": "\n".join(row["doubts"]),
    }
    return Document(
        id=canonical_document_id(row["id"]),
        kind=Kind(row["kind"]),
        court=row["court"],
        title=row["title"],
        language=row["language"],
        date=parse_optional(row["date"]),
        published_on=parse_optional(row["published_on"]),
        facts_from=parse_optional(row["facts_from"]),
        facts_until=parse_optional(row["facts_until"]),
        title_nl=row["title_nl"],
        court_key=row["court_key"],
        case_numbers=tuple(row["case_numbers"]),
        states=tuple(row["states"]),
        deciding_state=row["deciding_state"],
        nationalities=tuple(row["nationalities"]),
        track=Track(row["track"]) if row["track"] else None,
        topics=tuple(row["topics"]),
        outcome=row["outcome"],
        outcome_nl=row["outcome_nl"],
        official_url=row["official_url"],
        sitting=row["sitting"],
        subtype=row.get("subtype"),
        aliases=tuple(row["aliases"]),
        verification=row["verification"]["status"],
        verification_note={language: row["verification"][language] for language in LANGUAGES},
        catalogued=True,
        extra={key: value for key, value in extra.items() if value},
    )


def _aliases(row: Mapping[str, Any]) -> list[Alias]:
    names = set((row.get("case_name") or {}).values())

    def kind(alias: str) -> str:
        if re.match(r"RVS:|NL-ABRvS-", alias):
            return "former-id"  # the catalogue's id from before the ECLI was known
        return "case-name" if alias in names or not any(c.isdigit() for c in alias) else "number"

    return [(alias, kind(alias)) for alias in row["aliases"]]


def _treatment(edge: Mapping[str, Any], by: Document) -> Treatment:
    return Treatment(
        of=canonical_document_id(edge["of"]),
        by=by.id,
        type=edge["type"],
        effect=edge["effect"],
        date=parse_optional(edge["date"]),
        pinpoint=edge["pinpoint"],
        scope=tuple(Track(track) for track in edge["scope"]) if edge["scope"] else None,
        source=edge["source"],
        note={language: edge["note"][language] for language in LANGUAGES},
    )


@dataclass(frozen=True, slots=True)
class _Block:
    """One passage before it has its place in the text."""

    pinpoint: Pinpoint
    heading_path: tuple[str, ...]
    text: str
    verification: str | None = None
    note: str | None = None


def _digest_text(digest: _Source, document: Document, language: str) -> tuple[Expression, list[Passage]]:
    blocks = []
    for passage, pinpoint in zip(digest.data["passage"], _digest_pinpoints([p["ref"] for p in digest.data["passage"]]), strict=True):
        # a reference that names no place is still worth reading, so it heads its passage
        heading = (passage["ref"],) if pinpoint.kind is PinpointKind.HOLDING and pinpoint.value else ()
        if pinpoint.kind is PinpointKind.SECTION:
            heading = (pinpoint.value,)
        blocks.append(_Block(pinpoint, heading, _flowed(passage[language]), passage["status"], passage.get("seen_at")))
    return _expression(document.id, language, digest.data["title"][language], blocks, digest)


def _digest_pinpoints(refs: Sequence[str]) -> list[Pinpoint]:
    """The place of each reference; one that names no place, or a place already taken, becomes `holding-2`, `holding-3`, …"""
    places: list[Pinpoint] = [HOLDING]
    taken = {HOLDING.slug}
    summaries = 1
    for ref in refs[1:]:
        place = Pinpoint.parse(ref)
        if place is None or place.slug in taken:
            summaries += 1
            place = Pinpoint(PinpointKind.HOLDING, str(summaries), ref)
        taken.add(place.slug)
        places.append(place)
    return places


def _flowed(text: str) -> str:
    """Digests are wrapped in their files for reading; as text each is one paragraph."""
    return " ".join(text.split())


def _expression(document_id: str, language: str, title: str, blocks: Sequence[_Block], source: _Source) -> tuple[Expression, list[Passage]]:
    """The title and the blocks joined with blank lines, and each block as the passage that stands at its place."""
    form = f"digest-{language}"
    text = title
    passages = []
    slugs = unique_slugs([block.pinpoint.slug for block in blocks])
    for ordinal, (block, slug) in enumerate(zip(blocks, slugs, strict=True)):
        start = len(text) + 2
        text += f"\n\n{block.text}"
        passages.append(
            Passage(
                id=f"{document_id}@{form}#{slug}",
                document_id=document_id,
                form=form,
                ordinal=ordinal,
                pinpoint=block.pinpoint,
                heading_path=block.heading_path,
                voice=Voice.DIGEST,
                text_status=TextStatus.DIGEST,
                language=language,
                text=block.text,
                start_char=start,
                end_char=start + len(block.text),
                display=_flowed(block.text),
                verification=block.verification,
                note=block.note,
                text_sha256=_sha256(block.text.encode()),
            )
        )
    expression = Expression(
        document_id=document_id,
        form=form,
        version=1,
        language=language,
        text_status=TextStatus.DIGEST,
        text=text,
        text_sha256=_sha256(text.encode()),
        source_sha256=_sha256(source.content),
        source_name=source.file,
        parser=PARSER,
        trust="curated",
    )
    return expression, passages


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# guides ----------------------------------------------------------------------------------------------------------------------


def _guide_documents(guides: Sequence[_Source]) -> list[Entry]:
    by_id: dict[str, dict[str, _Source]] = {}
    for guide in guides:
        by_id.setdefault(guide.data["id"], {})[guide.data["language"]] = guide
    entries: list[Entry] = []
    for document_id, texts in sorted(by_id.items()):
        head = texts["en"].data
        document = Document(
            id=document_id,
            kind=Kind.GUIDE,
            court="dublin-kb",
            title=head["title"],
            language="en",
            date=LegalDate.parse(head["date"]),
            title_nl=texts["nl"].data["title"],
            court_key=_GUIDE_COURT,
            topics=tuple(head["topics"]),
            catalogued=True,
        )
        expressions = [
            _expression(document_id, language, texts[language].data["title"], _guide_blocks(texts[language].body), texts[language])
            for language in LANGUAGES
        ]
        entries.append((document, [], expressions))
    return entries


_NUMBERED = re.compile(r"(?:[-*] )?(?:\*\*)?(\d+(?:\.\d+[a-z]?)*)(?:\*\*)?[.:]?(?:\s|$)")
_MARKUP = re.compile(r"\*\*|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|`")


def _guide_blocks(body: str) -> list[_Block]:
    """Paragraphs, list items and table rows of a guide under their headings, each with the number that the guide prints before
    it, else that of its heading."""
    blocks: list[_Block] = []
    path: list[str] = []
    for chunk in re.split(r"\n\s*\n", body.strip()):
        lines = chunk.strip().splitlines()
        if lines[0].startswith("#"):
            level = len(lines[0]) - len(lines[0].lstrip("#"))
            path = [*path[: max(level - 2, 0)], _plain(lines[0].lstrip("# "))]
            lines = lines[1:]
        if not lines:
            continue
        for text in _table_rows(lines) if lines[0].startswith("|") else _items(lines):
            blocks.append(_Block(_guide_pinpoint(text, path, len(blocks) + 1), tuple(path), text))
    return blocks


def _guide_pinpoint(text: str, path: Sequence[str], ordinal: int) -> Pinpoint:
    """The number printed before the block, else before its nearest heading, else that heading; above all headings its position."""
    number = next(filter(None, (_NUMBERED.match(printed) for printed in (text, *reversed(path)))), None)
    value = number[1] if number else (path[-1] if path else "")
    if not value:
        return Pinpoint(PinpointKind.POSITION, str(ordinal), "")
    return Pinpoint(PinpointKind.SECTION, value, f"section {value}")


def _items(lines: Sequence[str]) -> list[str]:
    """List items, each with its continuation lines; other lines are one paragraph."""
    items: list[list[str]] = []
    for line in lines:
        if not items or re.match(r"[-*] |\*\*\d", line):
            items.append([line])
        else:
            items[-1].append(line.strip())
    return [_plain(" ".join(item).removeprefix("- ").removeprefix("* ")) for item in items]


def _table_rows(lines: Sequence[str]) -> list[str]:
    """A row reads `first cell. Heading: cell. Heading: cell.`, so that it can be understood, and found, alone."""
    cells = [[_plain(cell) for cell in line.strip().strip("|").split("|")] for line in lines]
    head, rows = cells[0], cells[2:]
    return ["\n".join([row[0], *(f"{name}: {cell}" for name, cell in zip(head[1:], row[1:], strict=False) if cell)]) for row in rows]


def _plain(text: str) -> str:
    return " ".join(_MARKUP.sub("", text).split())


# schema ----------------------------------------------------------------------------------------------------------------------


def _string(value: object) -> str | None:
    return None if isinstance(value, str) and value.strip() else "must be a text that is not empty"


def _strings(value: object) -> str | None:
    return None if isinstance(value, list) and all(_string(item) is None for item in value) else "must be a list of texts"


def _date(value: object) -> str | None:
    try:
        LegalDate.parse(value if isinstance(value, str) else "")
    except InvalidIdentifier as error:
        return str(error) if isinstance(value, str) else f"not a date: {value!r}"
    return None


def _address(value: object) -> str | None:
    return None if isinstance(value, str) and re.match(r"https?://\S+$", value) else "must be a web address"


def _states(value: object) -> str | None:
    ok = isinstance(value, list) and all(isinstance(item, str) and re.fullmatch(r"[A-Z]{2}", item) for item in value)
    return None if ok else "must be a list of two-letter state codes"


def _one_of(values: frozenset[str]) -> Callable[[object], str | None]:
    return lambda value: None if value in values else f"{value!r} is not one of {', '.join(sorted(values))}"


def _code(pattern: str, what: str) -> Callable[[object], str | None]:
    return lambda value: None if isinstance(value, str) and re.fullmatch(pattern, value) else f"must be {what}"


def _or_null(check: Callable[[object], str | None]) -> Callable[[object], str | None]:
    return lambda value: None if value is None else check(value)


def _both(check: Callable[[object], str | None]) -> Callable[[object], str | None]:
    def checked(value: object) -> str | None:
        if not isinstance(value, dict) or not set(LANGUAGES) <= set(value):
            return "must have en and nl"
        return next((f"{language} {fault}" for language in LANGUAGES if (fault := check(value[language]))), None)

    return checked


_Schema = Mapping[str, tuple[bool, Callable[[object], str | None]]]  # field -> (required, what is wrong with a value)

_CATALOGUE: _Schema = {
    "id": (True, _string),
    "kind": (True, _one_of(frozenset(kind.value for kind in Kind))),
    "subtype": (False, _code(r"[a-z]+(?:-[a-z]+)*", "words joined by hyphens")),
    "court": (True, _string),
    "court_key": (True, _string),
    "sitting": (True, _or_null(_string)),
    "date": (True, _or_null(_date)),
    "date_precision": (True, _or_null(_one_of(frozenset({"day", "month", "year"})))),
    "published_on": (True, _or_null(_date)),
    "facts_from": (True, _or_null(_date)),
    "facts_until": (True, _or_null(_date)),
    "case_numbers": (True, _strings),
    "title": (True, _string),
    "title_nl": (True, _string),
    "case_name": (False, _both(_string)),
    "short_title": (False, _both(_string)),
    "language": (True, _code(r"[a-z]{2}", "a two-letter language code")),
    "official_url": (True, _or_null(_address)),
    "official_journal": (False, _string),
    "member_state": (True, _or_null(_string)),
    "states": (True, _states),
    "deciding_state": (True, _or_null(_code(r"[A-Z]{2}", "a two-letter state code, EU, CE or UN"))),
    "nationality": (True, _or_null(_string)),
    "nationalities": (True, _states),
    "topics": (True, _strings),
    "outcome": (True, _or_null(_string)),
    "outcome_nl": (True, _or_null(_string)),
    "track": (True, _or_null(_one_of(TRACKS))),
    "status": (True, _one_of(DOCUMENT_STATUSES)),
    "verification": (True, _both(_string)),
    "remarks": (True, _both(_strings)),
    "doubts": (True, _strings),
    "aliases": (True, _strings),
    "cites": (True, _strings),
    "cites_inferred": (False, _strings),
    "related": (False, _strings),
    "treatment": (True, lambda value: None if isinstance(value, list) else "must be a list"),
    "seen_at": (True, _string),
    "also_seen_at": (False, _strings),
}
_EDGE: _Schema = {
    "of": (True, _string),
    "type": (True, _one_of(TREATMENT_TYPES)),
    "date": (True, _or_null(_date)),
    "pinpoint": (True, _or_null(_string)),
    "scope": (
        True,
        _or_null(lambda value: None if isinstance(value, list) and value and set(value) <= TRACKS else f"unknown track in {value!r}"),
    ),
    "effect": (True, _one_of(EFFECTS)),
    "source": (True, _string),
    "note": (True, _both(_string)),
}
_DIGEST: _Schema = {
    "id": (True, _string),
    "title": (True, _both(_string)),
    "outcome": (False, _both(_string)),
    "passage": (True, lambda value: None if isinstance(value, list) and value else "must have at least the holding"),
}
_PASSAGE: _Schema = {
    "ref": (True, _string),
    "status": (True, _one_of(PASSAGE_STATUSES)),
    "seen_at": (False, _string),
    "en": (True, _string),
    "nl": (True, _string),
}
_GUIDE: _Schema = {
    "id": (True, _code(r"guide-[a-z0-9-]+", "guide- and words joined by hyphens")),
    "language": (True, _one_of(frozenset(LANGUAGES))),
    "title": (True, _string),
    "date": (True, _date),
    "topics": (True, _strings),
}


def _check(files: _Files) -> list[Problem]:
    """Shape first; the rules that join fields and files only look at entries whose shape is right."""
    problems = list(files.problems)
    rows = [row for row in files.rows if _sound(row, _CATALOGUE, problems) and _sound_edges(row, problems)]
    digests = [digest for digest in files.digests if _sound(digest, _DIGEST, problems) and _sound_passages(digest, problems)]
    guides = [guide for guide in files.guides if _sound(guide, _GUIDE, problems)]
    for source in (*files.rows, *files.digests, *files.guides):
        problems += [
            Problem(source.file, _where(source), "machine-path", f"names a place on somebody's machine: {text[:80]!r}")
            for text in (*_texts(source.data), source.body)
            if _MACHINE_PATH.search(text)
        ]
    for row in rows:
        problems += _row_problems(row, files.courts)
    # an entry whose own shape is wrong is reported for that alone, not again by every file that refers to it
    sound = {source.file for source in (*rows, *digests)}
    broken = {_where(source).casefold() for source in (*files.rows, *files.digests) if source.file not in sound}
    problems += _identity_problems(rows, digests, broken)
    problems += _edge_problems(rows, broken)
    problems += _guide_problems(guides)
    return sorted(problems, key=lambda problem: (problem.file.partition(":")[0], problem.where, problem.rule, problem.message))


def _where(source: _Source) -> str:
    identifier = source.data.get("id")
    return identifier if isinstance(identifier, str) and identifier else "(no id)"


def _shape(data: object, schema: _Schema) -> Iterator[tuple[str, str]]:
    """(rule, message) for each field that is missing, unknown or of the wrong shape."""
    if not isinstance(data, dict):
        yield "wrong-shape", f"not a table of fields: {data!r}"
        return
    for name in data:
        if name not in schema:
            yield "unknown-field", f"unknown field {name!r}"
    for name, (required, fault) in schema.items():
        if name not in data:
            if required:
                yield "missing-text" if name in LANGUAGES or name == "title_nl" else "missing-field", f"field {name!r} is missing"
        elif message := fault(data[name]):
            yield _rule_of(name, message), f"{name}: {message}"


def _rule_of(name: str, message: str) -> str:
    if "date" in message and "not a" in message:
        return "impossible-date"
    if "is not one of" in message or "unknown track" in message:
        return "unknown-word"
    if name in (*LANGUAGES, "title", "title_nl", "note", "verification", "outcome", "case_name", "short_title"):
        return "missing-text"
    return "wrong-shape"


def _sound(source: _Source, schema: _Schema, problems: list[Problem]) -> bool:
    found = [Problem(source.file, _where(source), rule, message) for rule, message in _shape(source.data, schema)]
    problems += found
    return not found


def _sound_edges(row: _Source, problems: list[Problem]) -> bool:
    found = [
        Problem(row.file, _where(row), rule, f"treatment {number}: {message}")
        for number, edge in enumerate(row.data["treatment"], start=1)
        for rule, message in _shape(edge, _EDGE)
    ]
    problems += found
    return not found


def _sound_passages(digest: _Source, problems: list[Problem]) -> bool:
    found: list[Problem] = []
    for number, passage in enumerate(digest.data["passage"], start=1):
        found += [Problem(digest.file, _where(digest), rule, f"passage {number}: {text}") for rule, text in _shape(passage, _PASSAGE)]
    if found:
        problems += found
        return False
    if digest.data["passage"][0]["ref"] != "holding":
        found.append(Problem(digest.file, _where(digest), "no-holding", 'the first passage must have ref = "holding"'))
    for passage in digest.data["passage"]:
        if passage["status"] != "unverified" and not passage.get("seen_at"):
            message = f"{passage['ref']!r} is marked {passage['status']} but seen_at does not say where it was seen"
            found.append(Problem(digest.file, _where(digest), "pinpoint-without-source", message))
    problems += found
    return not found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _row_problems(row: _Source, courts: Courts | None) -> Iterator[Problem]:
    data = row.data

    def problem(rule: str, message: str) -> Problem:
        return Problem(row.file, data["id"], rule, message)

    try:
        # an ECLI keeps the publisher's capitals (BVerwG) in the catalogue; it is compared, and stored, in upper case
        if canonical_document_id(data["id"]).casefold() != data["id"].casefold():
            yield problem("identifier", f"the id is not in its canonical spelling: {canonical_document_id(data['id'])!r}")
    except InvalidIdentifier as error:
        yield problem("identifier", str(error))
    if courts is not None and data["court_key"] not in courts.by_key:
        yield problem("unknown-court", f"court_key {data['court_key']!r} does not stand in courts/courts.toml")
    date = parse_optional(data["date"])
    if data["date_precision"] != (date.precision if date else None):
        yield problem("date-precision", f"date_precision {data['date_precision']!r} does not fit date {data['date']!r}")
    begin, end = parse_optional(data["facts_from"]), parse_optional(data["facts_until"])
    if begin and end and begin.first > end.last:
        yield problem("impossible-date", f"facts_from {begin} lies after facts_until {end}")
    if data["status"] != data["verification"].get("status"):
        yield problem("verification", f"status {data['status']!r} differs from verification.status {data['verification'].get('status')!r}")
    if unknown := sorted(set(data["verification"]) - {"status", *LANGUAGES}):
        yield problem("unknown-field", f"unknown field in verification: {unknown[0]!r}")
    if (data["outcome"] is None) != (data["outcome_nl"] is None):
        yield problem("missing-text", "outcome and outcome_nl: give both or neither")
    if len(data["remarks"]["en"]) != len(data["remarks"]["nl"]):
        yield problem("missing-text", "remarks: as many in Dutch as in English")


def _identity_problems(rows: Sequence[_Source], digests: Sequence[_Source], broken: Set[str]) -> Iterator[Problem]:
    seen: dict[str, _Source] = {}
    for row in rows:
        key = row.data["id"].casefold()
        if key in seen:
            yield Problem(row.file, row.data["id"], "duplicate-id", f"already catalogued in {seen[key].file}")
        seen.setdefault(key, row)
    described: dict[str, _Source] = {}
    for digest in digests:
        identifier = digest.data["id"]
        line = seen.get(identifier.casefold())
        if identifier in described:
            yield Problem(digest.file, identifier, "duplicate-id", f"already described in {described[identifier].file}")
        described.setdefault(identifier, digest)
        if digest.file.rpartition("/")[2] != safe_file_name(identifier):
            yield Problem(digest.file, identifier, "file-name", f"the file must be called {safe_file_name(identifier)}")
        if identifier.casefold() in broken:
            continue
        if line is None or line.data["id"] != identifier:
            yield Problem(digest.file, identifier, "digest-without-catalogue", "no catalogue line has this id")
        elif digest.data["title"] != {"en": line.data["title"], "nl": line.data["title_nl"]}:
            yield Problem(digest.file, identifier, "title", "the titles differ from those in the catalogue")
    for row in rows:
        if row.data["id"] not in described and row.data["id"].casefold() not in broken:
            yield Problem(row.file, row.data["id"], "catalogue-without-digest", f"digests/{safe_file_name(row.data['id'])} is missing")


def _edge_problems(rows: Sequence[_Source], broken: Set[str]) -> Iterator[Problem]:
    dates = {row.data["id"]: parse_optional(row.data["date"]) for row in rows}
    for row in rows:
        for edge in row.data["treatment"]:
            of, own = edge["of"], dates[row.data["id"]]
            at = parse_optional(edge["date"]) or own
            if of not in dates and of.casefold() in broken:
                continue
            if of not in dates or of == row.data["id"]:
                yield Problem(row.file, row.data["id"], "dangling-treatment", f"treats {of!r}, which is not another catalogued document")
                continue
            earlier = dates[of]
            if at and earlier and at.last < earlier.first:
                message = f"treats {of} on {at}, before the date of that document ({earlier})"
                yield Problem(row.file, row.data["id"], "impossible-date", message)
            if at and own and at.last < own.first:
                yield Problem(row.file, row.data["id"], "impossible-date", f"treats {of} on {at}, before its own date ({own})")


def _guide_problems(guides: Sequence[_Source]) -> Iterator[Problem]:
    languages: dict[str, dict[str, _Source]] = {}
    for guide in guides:
        identifier, language = guide.data["id"], guide.data["language"]
        expected = f"{identifier.removeprefix('guide-')}.{language}.md"
        if guide.file.rpartition("/")[2] != expected:
            yield Problem(guide.file, identifier, "file-name", f"the file must be called {expected}")
        languages.setdefault(identifier, {})[language] = guide
    for identifier, texts in languages.items():
        first = next(iter(texts.values()))
        for language in LANGUAGES:
            if language not in texts:
                yield Problem(first.file, identifier, "missing-text", f"there is no {language} text of this guide")
        if len({len(_guide_blocks(text.body)) for text in texts.values()}) > 1:
            counts = ", ".join(f"{language} {len(_guide_blocks(text.body))}" for language, text in sorted(texts.items()))
            yield Problem(first.file, identifier, "missing-text", f"the two languages have different numbers of passages: {counts}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the problems of the corpus in `arguments[0]` (default `corpus`); returns 1 when there is one, else 0."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    corpus_dir = Path(given[0] if given else "corpus")
    problems = check_corpus(corpus_dir)
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"{corpus_dir}: {len(problems)} problem(s)\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
