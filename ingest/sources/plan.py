"""Which publisher serves which document, and what the store says about asking for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.corpus import load_corpus
from ingest.sources.cellar import Cellar
from ingest.sources.hudoc import Hudoc
from ingest.sources.model import Source, Wanted
from ingest.sources.parliament import Publications, TweedeKamer
from ingest.sources.rechtspraak import Rechtspraak
from ingest.sources.rijksoverheid import Rijksoverheid
from ingest.sources.rules import SourceRules
from kb.domain.documents import Document, Kind
from kb.domain.identifiers import Ecli
from kb.errors import InvalidIdentifier
from kb.store.library import Library, alias_key


@dataclass(frozen=True)
class Sources:
    """All connectors, in the order in which they are asked whose a document is."""

    rules: SourceRules
    rechtspraak: Rechtspraak
    cellar: Cellar
    hudoc: Hudoc
    publications: Publications
    tweedekamer: TweedeKamer
    rijksoverheid: Rijksoverheid

    @classmethod
    def of(cls, rules: SourceRules) -> "Sources":
        return cls(rules, Rechtspraak(rules), Cellar(rules), Hudoc(rules), Publications(rules), TweedeKamer(rules), Rijksoverheid(rules))

    @property
    def all(self) -> Sequence[Source]:
        return (self.rechtspraak, self.cellar, self.hudoc, self.publications, self.tweedekamer, self.rijksoverheid)

    def named(self, name: str) -> Source:
        return next(source for source in self.all if source.name == name)

    def wanted(self, document: Document) -> Sequence[Wanted]:
        """The texts of a document, from the first publisher that serves it; none where no publisher here does."""
        return next((texts for source in self.all if (texts := source.wanted(document))), ())


@dataclass
class Holdings:
    """The documents that may be asked for, and what the current generation says of them. Read once, when a run begins."""

    documents: dict[str, Document]
    names: dict[str, str]  # alias key -> id
    catalogued: frozenset[str]
    forgotten: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    held_sources: dict[str, frozenset[str]] = field(default_factory=dict)  # id -> SHA-256 of the files its texts were read from

    @classmethod
    def read(cls, corpus_dir: Path, library_path: Path | None) -> "Holdings":
        """Catalogue and library together. Raises: CorpusInvalid."""
        content = load_corpus(corpus_dir)
        documents = {document.id: document for document, _, _ in content.documents}
        names = {alias_key(alias): document.id for document, aliases, _ in content.documents for alias, _ in aliases}
        made = cls(documents, names, frozenset(documents))
        if library_path is None:
            return made
        library = Library(library_path)
        try:
            made.forgotten = frozenset(library.metas("forgotten:"))
            made.withdrawn = frozenset(library.metas("withdrawn:"))
            for document in library.documents():
                made.documents.setdefault(document.id, document)
                made.names.update({alias_key(alias): document.id for alias in document.aliases})
                own = {e.source_sha256 for e in library.expressions(document.id, with_text=False) if e.trust != "curated"}
                made.held_sources[document.id] = frozenset(own)
        finally:
            library.close()
        return made

    def find(self, name: str) -> Document | None:
        """By id, alias, or as an ECLI that is not yet known here. None for anything else."""
        try:
            canonical = Ecli.parse(name).value
        except InvalidIdentifier:
            canonical = name.strip()
        if found := self.documents.get(canonical):
            return found
        if (known := self.names.get(alias_key(canonical))) and known in self.documents:
            return self.documents[known]
        return _bare(canonical) if canonical.upper().startswith("ECLI:") and _is_ecli(canonical) else None

    def holds(self, document_id: str) -> bool:
        return document_id in self.documents

    def holds_file(self, document_id: str, sha256: str) -> bool:
        return sha256 in self.held_sources.get(document_id, frozenset())


def _is_ecli(text: str) -> bool:
    try:
        Ecli.parse(text)
    except InvalidIdentifier:
        return False
    return True


def _bare(ecli: str) -> Document:
    """An ECLI and nothing else known of it; whose it is shows in the identifier."""
    state = Ecli.parse(ecli).country
    return Document(id=ecli, kind=Kind.JUDGMENT, court="", title=ecli, language="", deciding_state=state)
