"""Every document, text, passage, citation and treatment of one generation: `library.sqlite`, written once, then only read.

A generation answers from its own library, so a reader never sees half of a change. The builder copies the library of the
generation before, changes the copy, and publishes it together with its index.
"""

import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, Self

from kb.domain.dates import LegalDate
from kb.domain.documents import CitationLink, Document, Expression, Kind, Passage, TextStatus, Track, Treatment, Voice
from kb.domain.identifiers import PassageId, canonical_document_id, fold_identifier
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InvalidIdentifier, NotFound, StoreDamaged

SCHEMA_VERSION = 2
_READABLE = (1, SCHEMA_VERSION)  # a generation of the program before answers until the builder has made it again
REPLACED = "replaced:"  # meta key: a withdrawn identifier, to the one that replaced it
_SCHEMA = """
create table meta (key text primary key, value text not null) without rowid;
create table document (
  id text primary key, kind text not null, court text not null, date text, title text not null, language text not null,
  catalogued integer not null, body text not null
) without rowid;
create table alias (alias text not null, document_id text not null, kind text not null, primary key (alias, document_id)) without rowid;
create index alias_document on alias (document_id);
create table expression (
  key text primary key, document_id text not null, form text not null, version integer not null, language text not null,
  text_status text not null, text text not null, text_sha256 text not null, source_sha256 text not null, source_name text not null,
  parser text not null, current integer not null, trust text not null
) without rowid;
create index expression_document on expression (document_id);
create index expression_source on expression (source_sha256);
create table stated (expression_key text primary key, body text not null) without rowid;
create table passage (
  id text primary key, document_id text not null, expression_key text not null, ordinal integer not null, slug text not null,
  start_char integer not null, end_char integer not null, text_sha256 text not null, body text not null
) without rowid;
create index passage_expression on passage (expression_key, ordinal);
create index passage_document on passage (document_id);
create table citation (
  passage_id text not null, start_char integer not null, end_char integer not null, named text not null, target text not null,
  document_id text not null, text text not null, kind text not null, pinpoint text,
  primary key (passage_id, start_char, end_char, named, target)
) without rowid;
create index citation_named on citation (named);
create index citation_target on citation (target);
create index citation_document on citation (document_id);
create table treatment (
  of_id text not null, by_id text not null, type text not null, body text not null, primary key (of_id, by_id, type)
) without rowid;
create index treatment_by on treatment (by_id);
create table stem (language text not null, stem text not null, passages integer not null, primary key (language, stem)) without rowid;
create table external (id text primary key, cited_by text not null) without rowid;
"""


class Library:
    """Reads one generation's library. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Raises: StoreDamaged when the file cannot be opened as a library of this schema."""
        self.path = path
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            schema = self._db.execute("select value from meta where key = 'schema'").fetchone()
        except sqlite3.Error as error:
            raise StoreDamaged(f"library {path} cannot be opened: {error}") from error
        self.schema = int(schema[0]) if schema is not None else 0
        if self.schema not in _READABLE:
            remedy = "run `dublin-kb ingest`, which makes it again from the files it holds" if self.schema < SCHEMA_VERSION else _NEWER
            raise StoreDamaged(f"library {path} was written by another version of this program (schema {self.schema}): {remedy}")

    def close(self) -> None:
        self._db.close()

    def meta(self, key: str) -> str | None:
        row = self._one("select value from meta where key = ?", key)
        return None if row is None else str(row["value"])

    def metas(self, prefix: str) -> dict[str, str]:
        """The rest of each key that starts with `prefix`, to its value."""
        rows = self._all("select key, value from meta where substr(key, 1, ?) = ? order by key", len(prefix), prefix)
        return {str(row["key"])[len(prefix) :]: str(row["value"]) for row in rows}

    def document(self, document_id: str) -> Document:
        """By id or alias. Raises: NotFound, saying how near ids are found."""
        found = self.find_document(document_id)
        if found is None:
            raise NotFound(f"no document {document_id!r} in this corpus: search for its name or number, or ingest it first")
        return found

    def find_document(self, document_id: str) -> Document | None:
        found = self.find_id(document_id)
        row = self._one("select body from document where id = ?", found) if found else None
        return None if row is None else document_from_json(row["body"])

    def find_id(self, name: str) -> str | None:
        """The id of the one document that has this id or alias; None where there is none, or more than one."""
        try:
            canonical = canonical_document_id(name)
        except InvalidIdentifier:
            return None
        if self._one("select 1 from document where id = ?", canonical):
            return canonical
        ids = self.resolve_alias(canonical)
        return ids[0] if len(ids) == 1 and self._one("select 1 from document where id = ?", ids[0]) else None

    def stated(self, expression_key: str) -> Document | None:
        """What a text says of itself, before the catalogue's words took its place; None for our own texts."""
        if self.schema < 2:
            return None
        row = self._one("select body from stated where expression_key = ?", expression_key)
        return None if row is None else document_from_json(row["body"])

    def resolve_alias(self, alias: str) -> list[str]:
        """Ids of the documents that carry this number or name, in id order; empty when none does."""
        rows = self._all("select distinct document_id from alias where alias = ? order by document_id", alias_key(alias))
        return [str(row["document_id"]) for row in rows]

    def aliases(self) -> list[tuple[str, str, str]]:
        """Every (alias, document id, kind of alias)."""
        return [
            (row["alias"], row["document_id"], row["kind"])
            for row in self._all("select alias, document_id, kind from alias order by alias, document_id")
        ]

    def documents(self) -> list[Document]:
        """All documents in id order."""
        return [document_from_json(row["body"]) for row in self._all("select body from document order by id")]

    def expressions(self, document_id: str, *, with_text: bool = True) -> list[Expression]:
        """All texts of a document, current ones first, official before digests."""
        columns = "*" if with_text else "*, '' as text"
        rows = self._all(
            f"select {columns} from expression where document_id = ? order by current desc, form desc, version desc", document_id
        )
        return [_expression(row) for row in rows]

    def expression(self, key: str) -> Expression:
        row = self._one("select * from expression where key = ?", key)
        if row is None:
            raise NotFound(f"no text {key!r} in this corpus")
        return _expression(row)

    def text_slice(self, expression_key: str, start: int, end: int) -> str:
        row = self._one("select substr(text, ?, ?) as part from expression where key = ?", start + 1, end - start, expression_key)
        if row is None:
            raise NotFound(f"no text {expression_key!r} in this corpus")
        return str(row["part"])

    def passages(self, expression_key: str) -> list[Passage]:
        """The passages of one text in reading order."""
        return [_passage(row) for row in self._all(f"{_PASSAGE} where p.expression_key = ? order by p.ordinal", expression_key)]

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Stored ids (with their form) to passages; an id that is not held is absent."""
        found: dict[str, Passage] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            for row in self._all(f"{_PASSAGE} where p.id in ({marks})", *part):
                found[row["id"]] = _passage(row)
        return found

    def documents_with_form(self, form: str) -> list[str]:
        rows = self._all("select distinct document_id from expression where form = ? and current = 1 order by document_id", form)
        return [str(row["document_id"]) for row in rows]

    def resolve_passage(self, text: str, *, language: str = "nl") -> Passage:
        """A passage id as people and programs write it: the plain id is the official text where it is held, else the digest in
        `language` (else the other one); `@form` asks for one text; the document part may be an alias.

        Raises: InvalidIdentifier, NotFound.
        """
        asked = PassageId.parse(text)
        document = self.document(asked.document)
        preferred = [f"digest-{language}", "digest-en", "digest-nl"]
        forms = [asked.form] if asked.form else ["", *preferred]
        if asked.form and (current := self._current_form(document.id, asked.form)) is not None:
            forms.append(current)  # the version asked for is the one that still counts, and stands under the plain id
        candidates = [str(PassageId(document.id, form, asked.slug)) for form in forms]
        held = self.passages_by_id(candidates)
        for candidate in candidates:
            if candidate in held:
                return held[candidate]
        raise NotFound(f"{document.id} has no passage {asked.slug!r} in this corpus: see /documents/{document.id} for its passages")

    def _current_form(self, document_id: str, form: str) -> str | None:
        """The form (empty for the official text) under which the version that `form` names is current; None where it is not."""
        match = _VERSION.fullmatch(form)
        if match is None:
            return None
        base, version = match[1] or "official", int(match[2])
        sql = "select 1 from expression where document_id = ? and form = ? and version = ? and current = 1"
        return (match[1] or "") if self._one(sql, document_id, base, version) else None

    def twins(self, places: Sequence[tuple[str, str]]) -> list[Passage]:
        """Every passage of a current text at one of the places (document id, slug)."""
        found: list[Passage] = []
        for start in range(0, len(places), 200):
            part = places[start : start + 200]
            marks = ",".join(["(?,?)"] * len(part))
            values = [value for place in part for value in place]
            sql = f"{_PASSAGE} where e.current = 1 and (p.document_id, p.slug) in (values {marks}) order by p.id"
            found += [_passage(row) for row in self._all(sql, *values)]
        return found

    def citations_from(self, document_id: str, *, current: bool = False) -> list[CitationLink]:
        """The citations in all texts of a document, or only in those that still count, in the order of their places."""
        rows = self._all(f"{_CITATION} where c.document_id = ? {_ONLY_CURRENT if current else ''} {_IN_ORDER}", document_id)
        return [_citation(row) for row in rows]

    def citations_in(self, passage_id: str) -> list[CitationLink]:
        return [_citation(row) for row in self._all(f"{_CITATION} where c.passage_id = ? order by c.start_char", passage_id)]

    def citations_in_passages(self, passage_ids: Sequence[str]) -> dict[str, list[CitationLink]]:
        """The citations in each of a few hundred passages, in the order of their places; a passage without one is absent."""
        marks = ",".join("?" * len(passage_ids))
        found: dict[str, list[CitationLink]] = {}
        for row in self._all(f"{_CITATION} where c.passage_id in ({marks}) {_IN_ORDER}", *passage_ids):
            found.setdefault(row["passage_id"], []).append(_citation(row))
        return found

    def citations_to(self, document_id: str, *, current: bool = False) -> list[CitationLink]:
        """The citations of a document in the texts of others, or only in those that still count."""
        own = "c.target = ? and c.document_id <> ?"
        rows = self._all(f"{_CITATION} where {own} {_ONLY_CURRENT if current else ''} {_IN_ORDER}", document_id, document_id)
        return [_citation(row) for row in rows]

    def held_places(self, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
        """The passages of current texts at each place (document id, slug), the official text's first; a place without one is absent."""
        found: dict[tuple[str, str], list[str]] = {}
        asked = list(dict.fromkeys(places))
        for start in range(0, len(asked), 200):
            part = asked[start : start + 200]
            marks = ",".join(["(?,?)"] * len(part))
            sql = (
                "select p.document_id, p.slug, p.id from passage p join expression e on e.key = p.expression_key"
                f" where e.current = 1 and (p.document_id, p.slug) in (values {marks}) order by e.form <> 'official', p.id"
            )
            for row in self._all(sql, *[value for place in part for value in place]):
                found.setdefault((row["document_id"], row["slug"]), []).append(row["id"])
        return found

    def citation_counts(self) -> dict[str, int]:
        """How many documents of the corpus cite each document."""
        rows = self._all("select target, count(distinct document_id) as n from citation where target <> document_id group by target")
        return {str(row["target"]): int(row["n"]) for row in rows}

    def treatments(self) -> list[Treatment]:
        """Every curated edge, in a fixed order."""
        return [_treatment(row["body"]) for row in self._all("select body from treatment order by of_id, by_id, type")]

    def stem_frequencies(self, language: str, stems: Sequence[str]) -> dict[str, int]:
        """In how many searched passages of a language each stem stands; a stem that stands in none is absent."""
        marks = ",".join("?" * len(stems))
        rows = self._all(f"select stem, passages from stem where language = ? and stem in ({marks})", language, *stems)
        return {str(row["stem"]): int(row["passages"]) for row in rows}

    def externals(self) -> dict[str, list[str]]:
        """What is cited by the catalogue but not catalogued: id to the documents that cite it."""
        return {str(row["id"]): json.loads(row["cited_by"]) for row in self._all("select id, cited_by from external order by id")}

    def holds_source(self, source_sha256: str) -> list[Expression]:
        return [
            _expression(row)
            for row in self._all("select *, '' as text from expression where source_sha256 = ? order by key", source_sha256)
        ]

    def holds_text(self, document_id: str, sources: Sequence[str]) -> bool:
        """Whether a text of this document is held that was read from one of the files (SHA-256)."""
        return any(expression.source_sha256 in sources for expression in self.expressions(document_id, with_text=False))

    def counts(self) -> dict[str, int]:
        tables = {
            "documents": "document",
            "expressions": "expression",
            "passages": "passage",
            "citations": "citation",
            "treatments": "treatment",
        }
        return {name: int(self._all(f"select count(*) as n from {table}")[0]["n"]) for name, table in tables.items()}

    def searchable(self) -> Iterator[tuple[Document, Expression, Passage]]:
        """Every passage that belongs in the index, in a fixed order: those of current texts."""
        for document in self.documents():
            for expression in self.expressions(document.id, with_text=False):
                if expression.current:
                    for passage in self.passages(expression.key):
                        yield document, expression, passage

    def verify(self) -> list[str]:
        """What is wrong inside: text hashes, offsets, dangling rows. Empty when all is well."""
        problems = [str(row[0]) for row in self._all("pragma integrity_check") if row[0] != "ok"]
        for row in self._all("select key, text from expression order by key"):
            problems += self._verify_text(row["key"], row["text"])
        gone = self._all("select text, target, passage_id from citation where passage_id not in (select id from passage)")
        problems += [f"citation {row['text'][:60]!r} of {row['target']}: the passage {row['passage_id']} is gone" for row in gone]
        orphans = self._all("select id from passage where expression_key not in (select key from expression)")
        problems += [f"passage {row['id']}: its text is gone" for row in orphans]
        return problems

    def _verify_text(self, key: str, text: str) -> Iterator[str]:
        """Passages and citations of one text, each at its place in it; the text is cut here, once, not by the database a thousand times."""
        for row in self._all("select id, start_char, end_char, text_sha256 from passage where expression_key = ? order by id", key):
            if row["text_sha256"] != sha256(text[row["start_char"] : row["end_char"]]):
                yield f"passage {row['id']}: its text is not the one that was stored"
        own = "select c.* from citation c join passage p on p.id = c.passage_id where p.expression_key = ?"
        for row in self._all(f"{own} {_IN_ORDER}", key):
            if row["text"] != text[row["start_char"] : row["end_char"]]:
                yield f"citation {row['text'][:60]!r} of {row['target']}: does not stand where {row['passage_id']} has it"

    def _one(self, sql: str, *values: object) -> sqlite3.Row | None:
        with self._lock:
            try:
                row: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            except sqlite3.DatabaseError as error:
                raise StoreDamaged(f"library {self.path} cannot be read: {error}") from error
            return row

    def _all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise StoreDamaged(f"library {self.path} cannot be read: {error}") from error


class LibraryWriter(Library):
    """Changes a private copy of a library, in the builder process; `finish` makes it ready to be published."""

    def __init__(self, path: Path, *, base: Path | None = None) -> None:
        self.path = path
        self._lock = threading.Lock()
        if base is not None:
            if (schema := schema_of(base)) != SCHEMA_VERSION:  # before anything is copied
                raise StoreDamaged(
                    f"library {base} has schema {schema}, this program writes {SCHEMA_VERSION}: it is made again, not copied"
                )
            with closing(sqlite3.connect(f"file:{base}?mode=ro&immutable=1", uri=True)) as old, closing(sqlite3.connect(path)) as new:
                old.backup(new)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = off")  # a private file: on any failure the whole generation is thrown away
        self._db.execute("pragma synchronous = off")
        self._db.execute("pragma secure_delete = on")
        if base is None:
            self._db.executescript(_SCHEMA)
            self.set_meta("schema", str(SCHEMA_VERSION))
        self.schema = SCHEMA_VERSION
        self._db.execute("begin")

    @classmethod
    def copy_of(cls, base: Path | None, path: Path) -> Self:
        return cls(path, base=base)

    def set_meta(self, key: str, value: str) -> None:
        self._db.execute("insert or replace into meta values (?, ?)", (key, value))

    def drop_meta(self, key: str) -> None:
        self._db.execute("delete from meta where key = ?", (key,))

    def put_document(self, document: Document, aliases: Iterable[tuple[str, str]] = ()) -> None:
        """Inserts or replaces the document; `aliases` are (alias, kind) beside its case numbers. Identifiers that this document's
        own replaced (meta `replaced:<old id>`) stay its aliases, whoever writes it."""
        replaced = self.metas(REPLACED)
        former = sorted(old for old in replaced if final_id(replaced, old) == document.id)
        document = replace(document, aliases=tuple(dict.fromkeys([*document.aliases, *former])))
        body = json.dumps(document_to_json(document), ensure_ascii=False, sort_keys=True)
        date = document.date.value if document.date else None
        row = (document.id, str(document.kind), document.court, date, document.title, document.language, int(document.catalogued), body)
        self._db.execute("insert or replace into document values (?,?,?,?,?,?,?,?)", row)
        self._db.execute("delete from alias where document_id = ?", (document.id,))
        every = [*((number, "case-number") for number in document.case_numbers), *((name, "alias") for name in document.aliases), *aliases]
        for alias, kind in every:
            if key := alias_key(alias):
                self._db.execute("insert or ignore into alias values (?,?,?)", (key, document.id, kind))

    def put_former_id(self, old: str, new: str) -> None:
        """`old` is asked for and finds `new`, whether or not `new` is held yet."""
        self._db.execute("insert or replace into meta values (?, ?)", (REPLACED + old, new))
        self._db.execute("delete from alias where alias = ?", (alias_key(old),))
        held = self._one("select body from document where id = ?", final_id(self.metas(REPLACED), old))
        if held is None:
            return
        document = document_from_json(held["body"])
        names = [(alias, kind) for alias, document_id, kind in self.aliases() if document_id == document.id]
        self.put_document(document, names)

    def put_expression(
        self,
        expression: Expression,
        passages: Sequence[Passage],
        citations: Sequence[CitationLink] = (),
        *,
        stated: Document | None = None,
    ) -> None:
        """Inserts or replaces one text with its passages, the citations found in it, and what it says of itself."""
        self.drop_expression(expression.key)
        values = {**asdict(expression), "key": expression.key}
        names = ("key", *(f.name for f in fields(Expression)))
        row: list[object] = [
            int(v) if isinstance(v, bool) else str(v) if isinstance(v, TextStatus) else v for v in (values[n] for n in names)
        ]
        self._db.execute("insert into expression values (?,?,?,?,?,?,?,?,?,?,?,?,?)", row)
        for passage in passages:
            body = json.dumps(passage_to_json(passage), ensure_ascii=False, sort_keys=True)
            slug = PassageId.parse(passage.id).slug
            place = (passage.start_char, passage.end_char, passage.text_sha256)
            self._db.execute(
                "insert into passage values (?,?,?,?,?,?,?,?,?)",
                (passage.id, passage.document_id, expression.key, passage.ordinal, slug, *place, body),
            )
        if stated is not None:
            body = json.dumps(document_to_json(stated), ensure_ascii=False, sort_keys=True)
            self._db.execute("insert into stated values (?,?)", (expression.key, body))
        for link in citations:
            where = (link.passage_id, link.start_char, link.end_char, "\n".join(link.named), link.target)
            found = (expression.document_id, link.text, link.kind, link.pinpoint)
            self._db.execute("insert or ignore into citation values (?,?,?,?,?,?,?,?,?)", (*where, *found))

    def drop_expression(self, key: str) -> None:
        self._db.execute("delete from citation where passage_id in (select id from passage where expression_key = ?)", (key,))
        self._db.execute("delete from passage where expression_key = ?", (key,))
        self._db.execute("delete from stated where expression_key = ?", (key,))
        self._db.execute("delete from expression where key = ?", (key,))

    def drop_document(self, document_id: str) -> None:
        for expression in self.expressions(document_id, with_text=False):
            self.drop_expression(expression.key)
        self._db.execute("delete from alias where document_id = ?", (document_id,))
        self._db.execute("delete from treatment where of_id = ? or by_id = ?", (document_id, document_id))
        self._db.execute("delete from document where id = ?", (document_id,))

    def relink(self) -> int:
        """Every citation leads to the document that its identifiers name in the library as it is now, whichever came first; where
        none is held, to the surest identifier as printed. Returns how many citations moved."""
        replaced = self.metas(REPLACED)
        moved = 0
        for row in self._all("select distinct named, target from citation where named <> '' order by named, target"):
            named = row["named"].split("\n")
            target = next((found for name in named if (found := self.find_id(name))), None) or final_id(replaced, named[0])
            if target != row["target"]:
                sql = "update or replace citation set target = ? where named = ? and target = ?"
                moved += self._db.execute(sql, (target, row["named"], row["target"])).rowcount
        return moved

    def replace_treatments(self, treatments: Iterable[Treatment]) -> None:
        self._db.execute("delete from treatment")
        for edge in treatments:
            body = json.dumps(treatment_to_json(edge), ensure_ascii=False, sort_keys=True)
            self._db.execute("insert or replace into treatment values (?,?,?,?)", (edge.of, edge.by, edge.type, body))

    def replace_stems(self, frequencies: Mapping[str, Mapping[str, int]]) -> None:
        self._db.execute("delete from stem")
        rows = ((language, stem, count) for language, counts in frequencies.items() for stem, count in counts.items())
        self._db.executemany("insert into stem values (?,?,?)", rows)

    def replace_externals(self, externals: Mapping[str, Sequence[str]]) -> None:
        self._db.execute("delete from external")
        for name, cited_by in externals.items():
            self._db.execute("insert into external values (?,?)", (name, json.dumps(sorted(cited_by), ensure_ascii=False)))

    def finish(self) -> None:
        """Commits, and rewrites the file so that nothing deleted is left in its pages."""
        self._db.execute("commit")
        self._db.execute("vacuum")
        self._db.close()

    def discard(self) -> None:
        self._db.close()


_NEWER = "use the version that wrote it, or restore a backup that this one made"
_VERSION = re.compile(r"(?:(.+)-)?v(\d+)")
_PASSAGE = (
    "select p.id, p.start_char, p.end_char, p.text_sha256, p.body, substr(e.text, p.start_char + 1, p.end_char - p.start_char) as text"
    " from passage p join expression e on e.key = p.expression_key"
)
_CITATION = "select c.*, exists (select 1 from document d where d.id = c.target) as resolved from citation c"
_ONLY_CURRENT = (
    "and c.target <> c.document_id and exists"
    " (select 1 from passage p join expression e on e.key = p.expression_key where p.id = c.passage_id and e.current = 1)"
)
_IN_ORDER = "order by c.passage_id, c.start_char"


def schema_of(path: Path) -> int:
    """The schema of a library's file; 0 where it says none. Raises: StoreDamaged."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db:
            row = db.execute("select value from meta where key = 'schema'").fetchone()
            return int(row[0]) if row else 0
    except sqlite3.Error as error:
        raise StoreDamaged(f"library {path} cannot be opened: {error}") from error


def final_id(replaced: Mapping[str, str], document_id: str) -> str:
    """The identifier at the end of a chain of replacements; a loop ends where it would begin again."""
    seen = {document_id}
    while (following := replaced.get(document_id)) is not None and following not in seen:
        seen.add(following)
        document_id = following
    return document_id


def sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def alias_key(text: str) -> str:
    """An alias as it is compared: identifier folding, lower case, no blanks round separators, no trailing full stop."""
    folded = fold_identifier(text).casefold().rstrip(".")
    return " ".join(folded.split())


def document_to_json(document: Document) -> dict[str, Any]:
    body = asdict(document)
    for name in ("date", "published_on", "facts_from", "facts_until"):
        value: LegalDate | None = getattr(document, name)
        body[name] = value.value if value else None
    return body


def document_from_json(text: str) -> Document:
    body = json.loads(text)
    for name in ("date", "published_on", "facts_from", "facts_until"):
        body[name] = LegalDate(body[name]) if body[name] else None
    for name in ("case_numbers", "states", "nationalities", "topics", "aliases", "sources"):
        body[name] = tuple(body[name])
    return Document(**{**body, "kind": Kind(body["kind"]), "track": Track(body["track"]) if body["track"] else None})


def passage_to_json(passage: Passage) -> dict[str, Any]:
    """Everything but the text, which is cut out of the expression, and what has columns of its own."""
    body = asdict(passage)
    for name in ("id", "text", "start_char", "end_char", "text_sha256"):
        del body[name]
    if body["display"] == passage.text:
        body["display"] = ""
    return body


def _passage(row: sqlite3.Row) -> Passage:
    body = json.loads(row["body"])
    pinpoint = body["pinpoint"]
    return Passage(
        id=row["id"],
        document_id=body["document_id"],
        form=body["form"],
        ordinal=body["ordinal"],
        pinpoint=Pinpoint(PinpointKind(pinpoint["kind"]), pinpoint["value"], pinpoint["printed"]) if pinpoint else None,
        heading_path=tuple(body["heading_path"]),
        voice=Voice(body["voice"]),
        text_status=TextStatus(body["text_status"]),
        language=body["language"],
        text=row["text"],
        start_char=row["start_char"],
        end_char=row["end_char"],
        spans=tuple((start, end) for start, end in body["spans"]),
        display=body["display"] or row["text"],
        page=body["page"],
        printed_page=body["printed_page"],
        derived=body["derived"],
        verification=body["verification"],
        note=body["note"],
        footnotes=tuple(body["footnotes"]),
        text_sha256=row["text_sha256"],
    )


def _expression(row: sqlite3.Row) -> Expression:
    body = {f.name: row[f.name] for f in fields(Expression)}
    return Expression(**{**body, "text_status": TextStatus(body["text_status"]), "current": bool(body["current"])})


def _citation(row: sqlite3.Row) -> CitationLink:
    return CitationLink(
        passage_id=row["passage_id"],
        start_char=row["start_char"],
        end_char=row["end_char"],
        text=row["text"],
        target=row["target"],
        kind=row["kind"],
        pinpoint=row["pinpoint"],
        resolved=bool(row["resolved"]),
        named=tuple(named.split("\n")) if (named := row["named"] if "named" in row.keys() else "") else (),  # noqa: SIM118
    )


def treatment_to_json(edge: Treatment) -> dict[str, Any]:
    return {**asdict(edge), "date": edge.date.value if edge.date else None}


def _treatment(text: str) -> Treatment:
    body = json.loads(text)
    scope = tuple(Track(track) for track in body["scope"]) if body["scope"] else None
    return Treatment(**{**body, "date": LegalDate(body["date"]) if body["date"] else None, "scope": scope})
