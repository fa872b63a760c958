"""An assessment as the blocks of a memo: warnings and gaps first, both sides in equal space, a table of authorities, the record last."""

from collections.abc import Iterable, Mapping, Sequence

from kb.domain import countries
from kb.domain.results import Standing, StandingValue
from kb.export.content import Block, Bullets, Heading, Memo, Paragraph, Run, Sides, Table, clean, excerpt, para, runs
from kb.export.phrases import PHRASES, VOICES
from kb.law.assess import FACT_LABELS, AssessedElement, AssessedPosition, Assessment, Authority, SideHit
from kb.law.frameworks import Side, Verification
from kb.law.prose import ElementProse, Sentence, Verdict
from kb.law.regimes import in_words
from kb.law.warnings import Caution

_EXCERPT = 560  # characters of a passage
_AGAIN = 150  # of one that was shown in full at an earlier step
_TITLE = 140
_UNSEEN = (Verification.SECONDARY, Verification.UNVERIFIED, Verification.INFERENCE)


def memo(found: Assessment, language: str) -> Memo:
    """The memo of an assessment in Dutch (`nl`) or English (`en`). The same assessment gives the same memo."""
    return _Writer(found, language).memo()


class _Writer:
    def __init__(self, found: Assessment, language: str) -> None:
        self.found, self.language, self.say = found, language, PHRASES[language]
        self.step = 0
        self.shown_at: dict[str, int] = {}  # passage -> the step at which it stands in full

    def memo(self) -> Memo:
        found = self.found
        title = f"{self.say['title']}: {found.framework.title[self.language]}"
        blocks: list[Block] = [Heading(1, title), *self.head(), *self.changes(), *self.warnings(), *self.gaps(), *self.facts()]
        blocks += [*self.test(), Heading(2, self.say["elements"])]
        for number, item in enumerate(found.elements, 1):
            blocks += self.element(number, item)
        blocks += [*self.table(), *self.record()]
        return Memo(title, self.language, found.made_on.isoformat(), self.say["running"], (self.say["page"], self.say["of"]), tuple(blocks))

    def text(self, texts: Mapping[str, str]) -> str:
        return clean(texts[self.language])

    # --- the first page ---------------------------------------------------------------------------------------------------------------

    def head(self) -> list[Block]:
        found, say = self.found, self.say
        rows = [
            (say["as_of"], in_words(found.as_of, self.language)),
            (say["track"], say[str(found.track)]),
            (say["version"], found.version.title[self.language]),
            (say["regime"], found.regime.sentence[self.language]),
            (say["choice"], found.choice.why[self.language]),
            (say["made_on"], in_words(found.made_on, self.language)),
        ]
        blocks: list[Block] = [para(found.weighs_nothing[self.language], tone="notice"), _facts_table(rows)]
        if found.choice.others:
            frameworks = {"ibrahim-threshold": "Ibrahim", "indirect-refoulement": "indirect refoulement"}
            named = "; ".join(f"{frameworks.get(name, name)} ({say[str(track)]})" for name, track in found.choice.others)
            blocks.append(para(Run(f"{say['other_frameworks']}: ", bold=True), f"{named}."))
        if found.regime.open:
            blocks.append(para(Run(f"{say['open_law']}: ", bold=True), self.text(found.regime.open)))
        if found.prose is not None:
            blocks += [para(self.text(notice), tone="notice") for notice in found.prose.notices]
        return blocks

    def changes(self) -> list[Block]:
        found, say = self.found, self.say
        if not found.replayed:
            return []
        if not found.changes:
            return [Heading(2, say["changes"]), para(say["no_changes"])]
        return [Heading(2, say["changes"]), Bullets(tuple(runs(clean(change[self.language])) for change in found.changes))]

    def warnings(self) -> list[Block]:
        found, say = self.found, self.say
        blocks: list[Block] = [Heading(2, say["warnings"])]
        if not found.warnings:
            return [*blocks, para(say["no_warnings"])]
        stops = [w for w in found.warnings if w.severity == "stop"]
        looks = [w for w in found.warnings if w.severity != "stop"]
        for word, group in (("stop", stops), ("look", looks)):
            by_rule: dict[str, list[Caution]] = {}
            for warning in group:
                by_rule.setdefault(warning.rule, []).append(warning)
            if by_rule:
                blocks.append(Bullets(tuple(self.warning(say[word], same) for same in by_rule.values())))
        return blocks

    def warning(self, word: str, same: Sequence[Caution]) -> tuple[Run, ...]:
        """One warning; where it holds for more documents, the others are named behind it."""
        text = clean(same[0].message[self.language])
        others = [clean(other.subject[self.language]) for other in same[1:] if other.subject]
        if others:
            text = f"{text} {self.say['likewise']}: {'; '.join(others)}."
        return runs(Run(f"{word}. ", bold=True), text)

    def gaps(self) -> list[Block]:
        """Each lacking fact once, with the steps that it bears on; then what this corpus has nothing on."""
        found, say = self.found, self.say
        lacking: dict[str, list[str]] = {}
        for number, item in enumerate(found.elements, 1):
            for name in item.lacking:
                lacking.setdefault(name, []).append(str(number))
        items = [
            runs(Run(f"{FACT_LABELS[name][self.language]} ", bold=True), f"({say['gaps_for']} {_steps(numbers, say['step'])})")
            for name, numbers in lacking.items()
        ]
        blocks: list[Block] = [Heading(2, say["gaps"])]
        if items:
            blocks += [para(f"{say['gaps_lacking']}:"), Bullets(tuple(items))]
        for phrase, side in (("gaps_nothing_supports", "supporting"), ("gaps_nothing_contrary", "contrary")):
            empty = [str(number) for number, item in enumerate(found.elements, 1) if not getattr(item, side)]
            if empty:
                blocks.append(para(f"{say[phrase]} {_steps(empty, say['step'])}."))
        absent = sorted({a.document_id for item in found.elements for a in item.authorities if a.document is None})
        if absent:
            blocks.append(para(f"{say['gaps_absent']}: {', '.join(absent)}."))
        return blocks if len(blocks) > 1 else [*blocks, para(say["no_gaps"])]

    def facts(self) -> list[Block]:
        found, say, case = self.found, self.say, self.found.case
        blocks: list[Block] = [Heading(2, say["facts"])]
        rows = [(FACT_LABELS[name][self.language], self.fact(name)) for name in FACT_LABELS if getattr(case, name) not in (None, ())]
        if not rows and found.replayed and found.manifest.case is None:
            blocks.append(para(say["facts_not_kept"]))
        elif rows:
            blocks.append(_facts_table(rows))
        else:
            blocks.append(para(f"{say['none']}."))
        if found.proposed_facts:
            items = (
                runs(Run(clean(fact.label[self.language]), bold=True), f" ({FACT_LABELS[fact.key][self.language]}): “{clean(fact.words)}”")
                for fact in found.proposed_facts
            )
            blocks += [Heading(3, say["proposed"]), para(say["proposed_note"]), Bullets(tuple(items))]
        return blocks

    def fact(self, name: str) -> str:
        case = self.found.case
        value = getattr(case, name)
        if name in ("nationality", "member_state"):
            return countries.name(value, self.language)
        if name in ("registered_on", "decided_on"):
            return in_words(value, self.language)
        if name == "status_there":
            return self.say[f"status_{value}"]
        return clean(case.words_of(name))

    # --- the test ------------------------------------------------------------------------------------------------------------------------

    def test(self) -> list[Block]:
        found, say = self.found, self.say
        blocks: list[Block] = [Heading(2, say["test"]), para(self.text(found.version.summary))]
        if found.version.open:
            blocks.append(para(Run(f"{say['open_law']}: ", bold=True), self.text(found.version.open), tone="notice"))
        if found.positions:
            blocks.append(Heading(3, say["positions"]))
            blocks.append(Bullets(tuple(self.position(item) for item in found.positions)))
        return blocks

    def position(self, item: AssessedPosition) -> tuple[Run, ...]:
        lead = [Run(f"{self.say['national_line']}. ", italic=True)] if item.country else []
        return (*lead, *self.cited(self.text(item.position.text), item.authorities))

    def cited(self, text: str, authorities: Iterable[Authority]) -> tuple[Run, ...]:
        """A sentence with a footnote for each authority behind it."""
        notes = [self.footnote(authority) for authority in authorities]
        if not notes:
            return (Run(text),)
        return (Run(text, footnote=notes[0]), *(Run("", footnote=note) for note in notes[1:]))

    def footnote(self, authority: Authority) -> str:
        """The citation, what was not verified, and for an overtaken authority what overtook it."""
        parts = [clean(authority.citation[self.language])]
        if authority.document is None:
            parts.append(f"({self.say['held_not']})")
        if authority.ref.pinpoint and authority.ref.verification in _UNSEEN:
            parts.append(f"({self.say['unseen']})")
        if authority.ref.note:
            parts.append(f"({clean(authority.ref.note[self.language])})")
        text = " ".join(parts).rstrip(".") + "."
        return f"{text} {self.standing(authority.standing)}".strip()

    def standing(self, standing: Standing | None) -> str:
        """Nothing for what stands; else the sentence, and the successor of what was overtaken."""
        if standing is None or standing.value in (StandingValue.GOOD, StandingValue.UNKNOWN):
            return ""
        return clean(standing.sentence[self.language])

    def element(self, number: int, item: AssessedElement) -> list[Block]:
        element, say, self.step = item.element, self.say, number
        rules = [a for a in item.authorities if a.ref.side is Side.RULE]
        blocks: list[Block] = [
            Heading(3, f"{number}. {element.title[self.language]}"),
            para(Run(f"{say['burden']}: ", bold=True), f"{_stopped(self.text(element.bears))} ", Run(f"{say['standard']}: ", bold=True),
                 self.text(element.standard)),
            Paragraph((Run(f"{say['rule']}: ", bold=True), *self.cited(self.text(element.rule), rules))),
        ]  # fmt: skip
        if element.open:
            blocks.append(para(Run(f"{say['open_law']}: ", bold=True), self.text(element.open), tone="notice"))
        for phrase, texts in (("counts", element.counts), ("does_not_count", element.does_not_count)):
            if texts[self.language]:
                blocks.append(
                    para(Run(f"{say[phrase]}: ", bold=True), _stopped("; ".join(clean(t).rstrip(".") for t in texts[self.language])))
                )
        blocks.append(self.sides(item))
        if found := self.found.prose and self.found.prose.of(element.id):
            blocks += self.prose(found)
        if item.gaps[self.language]:
            blocks.append(para(Run(f"{say['step_gaps']}: ", bold=True), " ".join(clean(gap) for gap in item.gaps[self.language])))
        blocks.append(para(Run(f"{say['questions']}: ", bold=True), " ".join(clean(q) for q in element.questions[self.language])))
        return blocks

    # --- text of a language model ------------------------------------------------------------------------------------------------------

    def prose(self, item: ElementProse) -> list[Block]:
        """What a language model wrote on a step: each sentence with its passages, what failed, what was left out."""
        say = self.say
        shown = [sentence for sentence in item.sentences if sentence.verdict is not Verdict.WITHHELD]
        blocks: list[Block] = [para(Run(f"{say['prose']}: ", bold=True), "" if shown else say["prose_nothing"], tone="notice")]
        if shown:
            blocks.append(Bullets(tuple(self.sentence(sentence) for sentence in shown)))
        told = [self.problem(code) for code in item.problems]
        if item.withheld:
            withheld = (sentence for sentence in item.sentences if sentence.verdict is Verdict.WITHHELD)
            why = dict.fromkeys(self.problem(code) for sentence in withheld for code in sentence.problems)
            told.append(f"{item.withheld} {say['prose_withheld']}: {'; '.join(why)}")
        if told:
            blocks.append(para(Run(f"{say['prose_checked']}: ", bold=True), _stopped(". ".join(told)), tone="quiet"))
        return blocks

    def sentence(self, sentence: Sentence) -> tuple[Run, ...]:
        notes = [f"{clean(citation[self.language]).rstrip('.')}." for citation in sentence.citations]
        text = Run(clean(sentence.text), footnote=notes[0])
        marks = "; ".join(self.problem(code) for code in sentence.problems)
        behind = [Run(f" [{self.say['look']}: {marks}]", italic=True)] if marks else []
        behind += [Run(f" {clean(note[self.language])}", bold=True) for note in sentence.notes]
        return (text, *(Run("", footnote=note) for note in notes[1:]), *behind)

    def problem(self, code: str) -> str:
        assert self.found.prose is not None
        return clean(self.found.prose.problems[code][self.language])

    def sides(self, item: AssessedElement) -> Sides:
        length = max(len(item.supporting), len(item.contrary), 1)
        rows = tuple((self.cell(item.supporting, at), self.cell(item.contrary, at)) for at in range(length))
        return Sides((self.say["supports"], self.say["contrary"]), rows)

    def cell(self, hits: Sequence[SideHit], at: int) -> tuple[Paragraph, ...]:
        if at >= len(hits):
            return (para(self.say["nothing_more"], tone="quiet"),) if at == len(hits) else ()
        item, say = hits[at], self.say
        hit = item.hit
        passage = hit.passage
        status = say[str(passage.text_status)]
        earlier = self.shown_at.setdefault(item.stored_id, self.step)
        words = excerpt(passage.display or passage.text, _EXCERPT if earlier == self.step else _AGAIN)
        body = Run(words, footnote=self.hit_note(item), language=passage.language)
        marks = [status]
        if voice := VOICES[self.language].get(str(passage.voice), ""):
            marks.append(f"{say['voice']}: {voice}")
        if earlier != self.step and words.endswith("[…]"):
            marks.append(f"{say['in_full']} {earlier}")
        if item.comparable:
            marks.append(f"{say['comparable']}: {', '.join(dict.fromkeys(clean(c.label[self.language]) for c in item.comparable))}")
        if not item.reviewed:
            marks.append(say["not_reviewed"])
        title = hit.document.title_nl if self.language == "nl" and hit.document.title_nl else hit.document.title
        lines = [para(Run(excerpt(title, _TITLE), bold=True), tone="quiet"), Paragraph((body,)), para("; ".join(marks), tone="quiet")]
        if hit.standing.value in (StandingValue.CAUTION, StandingValue.OVERTAKEN):
            value = say[str(hit.standing.value)]
            lines.append(para(Run(f"{value.capitalize()}: ", bold=True), clean(hit.standing.sentence[self.language]), tone="stop"))
        return tuple(lines)

    def hit_note(self, item: SideHit) -> str:
        note = f" ({clean(item.note[self.language])})" if item.note else ""
        return f"{clean(item.hit.citation[self.language]).rstrip('.')}{note}."

    # --- the end -------------------------------------------------------------------------------------------------------------------------

    def table(self) -> list[Block]:
        """Every document that is named or shown, once, in the order of its citation."""
        found, say = self.found, self.say
        held: dict[str, tuple[str, Standing | None]] = {}
        for authority in found.authorities():
            held.setdefault(authority.document_id, (clean(authority.plain[self.language]), authority.standing))
        for item in (hit for e in found.elements for hit in (*e.supporting, *e.contrary)):
            held.setdefault(item.hit.document.id, (clean(item.plain[self.language]), item.hit.standing))
        rows = []
        for document_id, (citation, standing) in sorted(held.items(), key=lambda entry: (entry[1][0].casefold(), entry[0])):
            value = say[str(standing.value)] if standing else say["held_not"]
            lines = [para(Run(value, bold=standing is not None and standing.value in (StandingValue.CAUTION, StandingValue.OVERTAKEN)))]
            if text := self.standing(standing):
                lines.append(para(text, tone="quiet"))
            if standing is not None and standing.value is StandingValue.OVERTAKEN:
                successors = "; ".join(clean(s.citation[self.language]) for s in standing.successors)
                lines.append(para(f"{say['successor']}: {successors}.", tone="quiet"))
            rows.append(((para(citation), para(document_id, tone="quiet")), tuple(lines)))
        return [Heading(2, say["table"]), Table((say["authority"], say["standing"]), tuple(rows), (55, 45))]

    def record(self) -> list[Block]:
        found, say, manifest = self.found, self.say, self.found.manifest
        searched = found.searched
        rows = [
            (say["manifest_id"], manifest.id),
            (say["made_on"], manifest.made_on),
            (say["as_of"], manifest.as_of),
            (say["corpus"], manifest.corpus_sha256 or manifest.content_sha256),
            (say["generation"], manifest.generation),
            (say["model"], f"{manifest.model.get('name', '')} ({manifest.model.get('weights_sha256', '')[:16]})"),
            (say["case_hash"], manifest.case_sha256),
            (say["settings"], ", ".join(f"{name} {value}" for name, value in sorted(manifest.settings.items()))),
            (
                say["searched"],
                say["searched_words"].format(
                    documents=searched.documents,
                    passages=searched.passages,
                    languages=", ".join(searched.languages),
                    earliest=searched.earliest or "?",
                    latest=searched.latest or "?",
                ),
            ),
        ]
        shown = []
        for number, record in enumerate(manifest.elements, 1):
            for side, passages in (("supporting_short", record.supporting), ("contrary_short", record.contrary)):
                listed = "; ".join(f"{passage.id} ({passage.text_sha256[:12]})" for passage in passages) or say["none"]
                shown.append(tuple((para(cell, tone="quiet"),) for cell in (str(number), say[side], clean(listed))))
        head = (say["step"], say["side"], say["passage"])
        return [
            Heading(2, say["manifest"]),
            para(say["manifest_note"]),
            _facts_table(rows),
            Heading(3, say["passages"]),
            Table(head, tuple(shown), (8, 12, 80)),
            Heading(3, say["advice"]),
            para(self.text(found.framework.not_legal_advice)),
        ]


def _facts_table(rows: Sequence[tuple[str, str]]) -> Table:
    return Table((), tuple(((para(Run(clean(name), bold=True)),), (para(clean(value)),)) for name, value in rows), (28, 72))


def _steps(numbers: Sequence[str], word: str) -> str:
    return f"{word.lower()} {', '.join(numbers)}"


def _stopped(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."
