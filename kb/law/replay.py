"""The pages of an earlier assessment, shown again from its manifest, with what has changed since. Works offline and searches nothing.

Passages come back by id and text hash: an older version of a text is found again where the library kept it, or in the JSON of the
assessment itself. Where only another text is left, that is shown and said. Facts of the case are there only when the user saved them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Passage, Track
from kb.domain.identifiers import PassageId
from kb.domain.pinpoints import Pinpoint
from kb.errors import InvalidIdentifier, InvalidQuery, NotFound
from kb.law.assess import (
    AssessedElement,
    Assessment,
    Choice,
    Knowledge,
    LawBooks,
    SideHit,
    assessed_positions,
    choose,
    edges_of,
    element_digest,
    gaps,
    known_sides,
    make_authority,
    make_hit,
    open_points,
    ranked,
    searched,
    spoken_words,
)
from kb.law.case import Case
from kb.law.facts import Comparable
from kb.law.frameworks import Element
from kb.law.known import known_since
from kb.law.manifest import ElementRecord, Manifest, ShownPassage
from kb.law.regimes import RegimeId
from kb.law.warnings import Caution, Shown, Situation

Text = Mapping[str, str]


def replay(view: Knowledge, books: LawBooks, manifest: Manifest) -> Assessment:
    """The assessment that `manifest` records, over the corpus as it is now; `changes` says what is different, `manifest` is the old one.

    Raises: InvalidQuery for a manifest that names a legal test or version which is gone, or cannot have been made by this program.
    """
    return _Replay(view, books, manifest).run()


class _Replay:
    def __init__(self, view: Knowledge, books: LawBooks, manifest: Manifest) -> None:
        self.view, self.books, self.manifest = view, books, manifest
        try:
            self.as_of = LegalDate.parse(manifest.as_of).first_day
            self.made_on = LegalDate.parse(manifest.made_on).first_day
            self.track, self.argued_track = Track(manifest.track), Track(manifest.argued_track)
            self.framework = books.frameworks.framework(manifest.framework)
            self.whole = self.framework.version(manifest.version)
            self.regime_id = RegimeId(manifest.regime)
        except (InvalidIdentifier, ValueError, NotFound) as error:
            raise InvalidQuery(f"this manifest cannot be shown again: {error}") from None
        self.case = Case.parse(manifest.case, country=books.facts.country) if manifest.case is not None else Case()
        if manifest.case is not None and self.case.sha256() != manifest.case_sha256:
            raise InvalidQuery("the facts saved in this manifest are not those that it was made for")
        self.documents = {document.id: document for document in view.library.documents()}
        self.official = frozenset(view.library.documents_with_form("official"))
        self.sides = known_sides(books.frameworks)
        self.told = books.facts.told_by(self.case)
        self.changes: list[Text] = []

    def run(self) -> Assessment:
        manifest, frameworks = self.manifest, self.books.frameworks
        self.compare_corpus()
        known = known_since(self.view.library)
        version = self.whole.known_on(self.as_of, known)
        by_id = {element.id: element for element in version.elements}
        elements = []
        for record in manifest.elements:
            if record.id not in by_id:
                self.tell(f"stap {record.id} bestaat niet meer in het toetsingskader", f"step {record.id} is no longer in the legal test")
                continue
            elements.append(self.element(by_id[record.id], record))
        for element_id in by_id.keys() - {record.id for record in manifest.elements}:
            self.tell(f"stap {element_id} is nieuw in het toetsingskader", f"step {element_id} is new in the legal test")
        self.compare_treatment()
        everywhere = assessed_positions(self.view, self.books, self.framework, version, Case(), self.as_of, known)
        positions = tuple(item for item in everywhere if item.position.id in manifest.positions)
        regime = frameworks.regime(self.framework.id, self.as_of, self.case.registered_on, self.track)
        if not self.case_is_known:
            # the day of registration was not kept, but the law that it led to was
            rule = {rule.id: rule for rule in frameworks.regimes.rules}.get(self.regime_id)
            registered = LegalDate.of(rule.registered_from or min(self.as_of, rule.registered_until or self.as_of)) if rule else None
            regime = frameworks.regime(self.framework.id, self.as_of, registered, self.track)
        choice = choose(frameworks, self.case, self.framework.id)
        choice = Choice(self.framework.id, self.track, self.argued_track, choice.why if self.case_is_known else _NOT_KEPT)
        return Assessment(
            case=self.case,
            framework=self.framework,
            version=version,
            possible_versions=(version,),
            regime=regime,
            choice=choice,
            as_of=self.as_of,
            made_on=self.made_on,
            language=manifest.language,
            positions=positions,
            elements=tuple(elements),
            proposed_facts=self.books.facts.propose(self.case),
            warnings=self.cautions(version.id, open_points(version)),
            searched=searched(self.view, self.documents, self.as_of),
            manifest=manifest,
            changes=tuple(self.changes),
            replayed=True,
        )

    @property
    def case_is_known(self) -> bool:
        return self.manifest.case is not None

    def tell(self, nl: str, en: str) -> None:
        if {"nl": nl, "en": en} not in self.changes:
            self.changes.append({"nl": nl, "en": en})

    def compare_corpus(self) -> None:
        held, old = self.view.generation.manifest, self.manifest
        if held.corpus_sha256 != old.corpus_sha256:
            self.tell("het corpus is gewijzigd", "the corpus has changed")
        elif held.content_sha256 != old.content_sha256:
            self.tell("de teksten in de index zijn gewijzigd", "the texts in the index have changed")
        if held.space.weights_sha256 != old.model.get("weights_sha256"):
            self.tell("het zoekmodel is een ander", "the search model is another one")

    def compare_treatment(self) -> None:
        for document_id, before in self.manifest.documents.items():
            now = edges_of(self.view, document_id)
            for line in [line for line in now.splitlines() if line not in before.splitlines()]:
                self.tell(f"nieuw over {document_id}: {line}", f"new about {document_id}: {line}")
            for line in [line for line in before.splitlines() if line not in now.splitlines()]:
                self.tell(f"vervallen over {document_id}: {line}", f"withdrawn about {document_id}: {line}")

    def element(self, element: Element, record: ElementRecord) -> AssessedElement:
        if element_digest(element) != record.content_sha256:
            self.tell(f"stap {element.id} is herschreven", f"step {element.id} was rewritten")
        authorities = tuple(make_authority(self.view, ref, self.as_of, self.track) for ref in element.authorities)
        before = dict(record.authorities)
        for authority in authorities:
            now = str(authority.standing.value) if authority.standing else "unknown"
            if (old := before.get(authority.document_id)) is not None and old != now:
                self.tell_standing(authority.document_id, old, now)
        notes = {ref.document_id: ref.note for ref in (*element.authorities, *(r for f in element.factors for r in f.authorities))}
        supporting = self.hits(record.supporting, notes)
        contrary = self.hits(record.contrary, notes)
        return AssessedElement(
            element, authorities, supporting, contrary, record.lacking, gaps(record.lacking, supporting, contrary, authorities)
        )

    def tell_standing(self, document_id: str, old: str, now: str) -> None:
        self.tell(f"status van {document_id}: was {old}, is nu {now}", f"standing of {document_id}: was {old}, is now {now}")

    def hits(self, records: Sequence[ShownPassage], notes: Mapping[str, Text | None]) -> tuple[SideHit, ...]:
        made = []
        for record in records:
            document, passage = self.documents.get(record.document_id), self.passage(record)
            if document is None or passage is None:
                self.tell(f"passage {record.id} staat niet meer in het corpus", f"passage {record.id} is no longer in the corpus")
                continue
            if passage.text_sha256 != record.text_sha256:
                passage = self.as_it_was(passage, record)
            hit = make_hit(
                self.view, self.books, passage, document, 1.0 if record.marked else 0.0, (), self.as_of, self.track, self.manifest.language,
                self.official,
            )  # fmt: skip
            if str(hit.standing.value) != record.standing:
                self.tell_standing(document.id, record.standing, str(hit.standing.value))
            shared: tuple[Comparable, ...] = ()
            if self.case_is_known:
                spoken = self.books.facts.in_document(spoken_words(self.view, document, self.manifest.language))
                shared = self.books.facts.comparable(self.case, self.told, document, spoken, str(self.track))
            note = notes.get(document.id) if record.marked else None
            plain = self.view.citation(document, None)
            made.append(SideHit(hit, passage.id, shared, record.marked, record.reviewed, plain, note))
        return ranked(made)

    def passage(self, record: ShownPassage) -> Passage | None:
        """The passage as it was shown: under its id, else in an older version of its text; else what stands at its id now."""
        held = self.view.library.passages_by_id([record.id]).get(record.id)
        if held is not None and held.text_sha256 == record.text_sha256:
            return held
        try:
            slug = PassageId.parse(record.id).slug
        except InvalidIdentifier:
            return None
        for expression in self.view.library.expressions(record.document_id, with_text=False):
            for passage in self.view.library.passages(expression.key):
                if passage.text_sha256 == record.text_sha256 and PassageId.parse(passage.id).slug == slug:
                    return passage
        return held

    def as_it_was(self, passage: Passage, record: ShownPassage) -> Passage:
        """The passage with the words of then, where the JSON of the assessment has them; else with those of now. Both are said."""
        text = self.manifest.texts.get(record.text_sha256)
        if text is None:
            self.tell(f"de tekst van passage {record.id} is gewijzigd", f"the text of passage {record.id} has changed")
            return passage
        self.tell(
            f"de tekst van passage {record.id} is gewijzigd; getoond wordt de tekst van toen",
            f"the text of passage {record.id} has changed; the text of then is shown",
        )
        return replace(passage, text=text, display=text, spans=(), text_sha256=record.text_sha256)

    def cautions(self, version_id: str, points: Sequence[Text]) -> tuple[Caution, ...]:
        """The warnings that were given, in words of today's rules; facts that were not kept leave a gap in them."""
        rules = {rule.id: rule for rule in self.books.warnings.rules}
        situation = Situation(
            case=self.case,
            framework=self.framework.id,
            version=version_id,
            regime=self.manifest.regime,
            track=self.track,
            argued_track=self.argued_track,
            as_of=self.as_of,
            open_points=points,
        )
        made = []
        for given in self.manifest.warnings:
            rule = rules.get(str(given["rule"]))
            if rule is None:
                self.tell(f"waarschuwing {given['rule']} bestaat niet meer", f"warning {given['rule']} no longer exists")
                continue
            ids = [str(document_id) for document_id in given["document_ids"]]
            document = self.documents.get(ids[0]) if rule.about_documents and ids else None
            if rule.about_documents and document is None:
                self.tell(f"waarschuwing {rule.id}: het document is er niet meer", f"warning {rule.id}: its document is gone")
                continue
            made.append(self.books.warnings.word(rule, situation, self.shown(document, given) if document else None))
        return tuple(made)

    def shown(self, document: Document, given: Mapping[str, Any]) -> Shown:
        place = Pinpoint.parse(str(given["pinpoint"])) if given.get("pinpoint") else None
        citation = self.view.citation(document, place)
        standing = self.view.standing(document.id, self.as_of, self.track)
        return Shown(document, standing, citation, cited=bool(given.get("cited")), pinpoint=place)


_NOT_KEPT: Text = {
    "nl": "De feiten van de zaak zijn niet bewaard; getoond wordt wat toen is vastgelegd.",
    "en": "The facts of the case were not kept; what was recorded then is shown.",
}
