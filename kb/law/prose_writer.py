"""Optional text beside an assessment: a language model summarises the passages of each step, and every sentence is checked.

Off unless a model is configured. Facts of the case go to a model on this machine; to one elsewhere only when the user says so for this
case. What the model writes is shown as far as `kb.law.prose` lets it through.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kb.domain import countries
from kb.domain.results import StandingValue
from kb.errors import InvalidQuery, LanguageModelFailed
from kb.law.assess import FACT_LABELS, AssessedElement, Assessment, LawBooks, SideHit
from kb.law.prose import Checker, ElementProse, Prose, ProseRules, Sentence, Source, Verdict, Written
from kb.ports import LanguageModel

_PASSAGE_CHARACTERS = 1800  # of a passage that the model reads; sentences are checked against the whole
_ANSWER_CHARACTERS = 20_000
_FAILURES_IN_A_ROW = 2  # after which the model is not asked again
_LEFT_OUT: Mapping[str, str] = {"nl": "[aanhaling weggelaten]", "en": "[quotation left out]"}


def write_prose(found: Assessment, books: LawBooks, rules: ProseRules, model: LanguageModel | None, *, send_facts: bool) -> Assessment:
    """The assessment with text beside each step that shows passages.

    Args:
        send_facts: the user says that the facts of this case may go to a model on another machine. Without it only passages go there;
            a model on this machine is given the facts in either case.
    Raises: InvalidQuery where no model is configured, LanguageModelFailed where it answered at no step.
    """
    return replace(found, prose=_Writing(found, books, rules, required(model), send_facts=send_facts).run())


def required(model: LanguageModel | None) -> LanguageModel:
    """The model that is configured. Raises: InvalidQuery where none is."""
    if model is None:
        raise InvalidQuery("no language model is configured: set KB_LLM to the address of one (see README), or ask without prose")
    return model


@dataclass(frozen=True)
class _Step:
    """What one step gives the model, and what it may not have."""

    sources: tuple[Source, ...]
    problems: tuple[str, ...]


class _Writing:
    def __init__(self, found: Assessment, books: LawBooks, rules: ProseRules, model: LanguageModel, *, send_facts: bool) -> None:
        self.found, self.books, self.rules, self.model = found, books, rules, model
        self.language = found.language
        self.facts_go = model.is_local or send_facts
        self.failures = 0

    def run(self) -> Prose:
        elements = [self.element(item) for item in self.found.elements if item.supporting or item.contrary]
        if elements and all("no-answer" in element.problems for element in elements):
            raise LanguageModelFailed(f"the language model at {self.model.host} gave no answer: see whether it runs, or ask without prose")
        codes = [code for element in elements for code in (*element.problems, *(c for s in element.sentences for c in s.problems))]
        told = bool(self.facts()) and self.facts_go
        return Prose(
            model=self.model.name,
            host=self.model.host,
            is_local=self.model.is_local,
            facts_sent=told,
            notices=self.notices(told=told),
            elements=tuple(elements),
            problems=self.rules.words_of(sorted(set(codes))),
        )

    def notices(self, *, told: bool) -> tuple[Mapping[str, str], ...]:
        names = ["machine"] + ([] if self.model.is_local else ["remote-facts" if told else "remote"])
        values = {"model": self.model.name, "host": self.model.host}
        return tuple({lang: _filled(text, values) for lang, text in self.rules.notices[name].items()} for name in names)

    def element(self, item: AssessedElement) -> ElementProse:
        step = self.step(item)
        every = [hit.hit.passage.id for hit in (*item.supporting, *item.contrary)]
        if not step.sources:
            return ElementProse(item.element.id, (), step.problems, tuple(every))
        answer = self.ask(item, step.sources)
        if answer is None:
            return ElementProse(item.element.id, (), (*step.problems, "no-answer"), tuple(every))
        written = read_answer(answer)
        if written is None:
            return ElementProse(item.element.id, (), (*step.problems, "unreadable"), tuple(every))
        sentences = self.checker(item).check(written, step.sources)
        named = {passage for sentence in sentences for passage in sentence.passages}
        left_out = tuple(passage for passage in every if passage not in named)
        return ElementProse(item.element.id, sentences, (*step.problems, *one_sided(item, sentences)), left_out)

    def checker(self, item: AssessedElement) -> Checker:
        element, language = item.element, self.language
        own = (element.title, element.rule, element.standard, element.bears)
        context = "\n".join((*(text[language] for text in own), *element.counts[language], *element.does_not_count[language]))
        left_out = _LEFT_OUT[language]
        return Checker(self.rules, self.books.finder, self.books.lexicon, self.states, language, left_out, context)

    def states(self, text: str) -> frozenset[str]:
        return frozenset(code for code, words in self.books.facts.states.items() if words.found_in(text))

    # --- what goes to the model ---------------------------------------------------------------------------------------------------------

    def step(self, item: AssessedElement) -> _Step:
        """The passages that the model may read, labelled S1… and C1…; what speaks to a machine or is the user's own stays here."""
        sources, problems = [], []
        for letter, side, hits in (("S", "supporting", item.supporting), ("C", "contrary", item.contrary)):
            for number, hit in enumerate(hits, 1):
                if code := self.kept_back(hit):
                    problems.append(code)
                    continue
                held = hit.hit
                label = f"{letter}{number}"
                sources.append(Source(label, side, held.passage, held.document, held.citation, hit.plain, held.standing))
        return _Step(tuple(sources), tuple(dict.fromkeys(problems)))

    def kept_back(self, hit: SideHit) -> str | None:
        passage, document = hit.hit.passage, hit.hit.document
        if self.rules.instructions.found_in(f"{passage.text}\n{document.title}"):
            return "not-sent"
        if not self.model.is_local and document.is_file and not self.facts_go:
            return "not-sent-private"  # somebody's own document is as confidential as the case
        return None

    def ask(self, item: AssessedElement, sources: Sequence[Source]) -> str | None:
        if self.failures >= _FAILURES_IN_A_ROW:
            return None
        system = self.rules.prompt[self.language].replace("{sentences}", str(self.rules.most_sentences))
        try:
            answer = self.model.complete(system, self.question(item, sources))
        except LanguageModelFailed:
            self.failures += 1
            return None
        self.failures = 0
        return answer[:_ANSWER_CHARACTERS]

    def question(self, item: AssessedElement, sources: Sequence[Source]) -> str:
        """The step and its passages as JSON: no passage can end its own field and begin to instruct."""
        language, element = self.language, item.element
        body: dict[str, Any] = {
            "as_of": self.found.as_of.isoformat(),
            "step": {"title": element.title[language], "rule": element.rule[language], "standard": element.standard[language]},
            "passages": [self.passage(source) for source in sources],
        }
        if self.facts_go and (facts := self.facts()):
            body["facts_of_the_case"] = facts
        return json.dumps(body, ensure_ascii=False, indent=1)

    def passage(self, source: Source) -> dict[str, str]:
        passage, standing = source.passage, source.standing
        given = {
            "label": source.label,
            "side": source.side,
            "citation": source.citation[self.language],
            "whose_words": str(passage.voice),
            "kind_of_text": str(passage.text_status),
            "text": passage.text[:_PASSAGE_CHARACTERS],
        }
        if standing.value in (StandingValue.CAUTION, StandingValue.OVERTAKEN):
            given["standing"] = standing.sentence[self.language]
        return given

    def facts(self) -> dict[str, str]:
        """The facts of the case in words, without its narrative: that may hold names."""
        case, told = self.found.case, {}
        for name, label in FACT_LABELS.items():
            if not case.has(name):
                continue
            value = getattr(case, name)
            in_words = countries.name(value, self.language) if name in ("nationality", "member_state") else case.words_of(name)
            told[label[self.language]] = in_words or str(value)
        return told


def one_sided(item: AssessedElement, sentences: Iterable[Sentence]) -> list[str]:
    """Which side of a step has passages, none of which a shown sentence names."""
    named = {passage for s in sentences if s.verdict is not Verdict.WITHHELD for passage in s.passages}
    sides = (("supports-left-out", item.supporting), ("contrary-left-out", item.contrary))
    return [code for code, hits in sides if hits and not any(hit.hit.passage.id in named for hit in hits)]


def read_answer(answer: str) -> list[Written] | None:
    """The sentences of an answer (`{"sentences": [{"text", "passages"}]}`, with or without a fence round it); None for anything else."""
    start, end = answer.find("{"), answer.rfind("}")
    try:
        body = json.loads(answer[start : end + 1]) if 0 <= start < end else None
    except (ValueError, RecursionError):
        return None
    listed = body.get("sentences") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return None
    return [_written(entry) for entry in listed]


def _written(entry: Any) -> Written:
    """A sentence without its list of passages is one that names none."""
    if not isinstance(entry, dict):
        return Written(str(entry), ())
    passages = entry.get("passages")
    labels = passages if isinstance(passages, list) else [passages] if isinstance(passages, str) else []
    return Written(str(entry.get("text") or ""), tuple(str(label) for label in labels))


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
