"""Citations in running text, with their places: which decision, paper or article a text names, and where in it.

    finder = ReferenceFinder(Path("corpus/patterns"))
    finder.find("arrest van 19 maart 2019, Ibrahim, C‑297/17, EU:C:2019:219, punt 90")

The patterns are data (corpus/patterns/citations.toml, names.toml, laws.toml), bounded, and run in time linear in the text.
"""

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from kb.domain.identifiers import fold_identifier
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.domain.reference_values import Folded, Groups, Value, Values, ecli
from kb.errors import CorpusInvalid

SLICE_CHARS: Final = 200_000  # a pattern never sees more at once (threat T19)
_OVERLAP: Final = 2_000  # longer than any match
_LONGEST_LIST: Final = 200
_LONGEST_CHAIN: Final = 40  # numbers of one citation
_DEFAULT_FOLDER: Final = Path(__file__).resolve().parents[2] / "corpus" / "patterns"


class ReferenceKind(StrEnum):
    """What kind of thing is cited."""

    ECLI = "ecli"
    CELEX = "celex"
    CASE_NUMBER = "case-number"  # Court of Justice, General Court
    APPLICATION_NUMBER = "application-number"  # European Court of Human Rights
    DOCKET = "docket"  # a national court's own number
    AKTENZEICHEN = "aktenzeichen"  # a German court's, with the court where printed
    NEUTRAL_CITATION = "neutral-citation"
    LJN = "ljn"
    UN_DOCUMENT = "un-document"
    KAMERSTUK = "kamerstuk"  # parliamentary paper: kst-…, ah-… (answers), h-… (proceedings)
    STAATSBLAD = "staatsblad"  # stb-…, stcrt-…, trb-…
    ACT = "act"  # an EU act by its number; the value is its CELEX number
    ARTICLE = "article"  # the value is the act, empty where none is named; the pinpoint is the article
    RECITAL = "recital"
    NAME = "name"  # a case by its name
    BACK_REFERENCE = "back-reference"  # `voormelde uitspraak`: something cited before


@dataclass(frozen=True, slots=True)
class Reference:
    """One citation in a text: `text == whole[start:end]`, code points of the original text.

    `value` is the normalised number, name or act (`C-297/17`, `kst-19637-2992`, `ECHR`); of a back-reference it is `judgment`,
    or `judgment:2021-07-28` where a date says which. `document` is the canonical document id where it follows from the text alone
    (an ECLI, a kamerstuk, a name that names.toml knows). `pinpoint` is a place printed beside it, `pinpoint_span` where it is
    printed; its kind is the one in which the cited court numbers its paragraphs. References of one citation (`C-297/17,
    ECLI:EU:C:2019:219 (Ibrahim), punt 90`) share `group`, counted from 0 in the text, and its pinpoint.
    """

    start: int
    end: int
    text: str
    kind: ReferenceKind
    value: str
    pinpoint: Pinpoint | None = None
    document: str | None = None
    pinpoint_span: tuple[int, int] | None = None
    group: int = 0


@dataclass(frozen=True, slots=True)
class Identifier:
    """A search query that is an identifier: its kind, the normalised value or, where the query leaves a choice, the values in the
    order of likelihood, and the pinpoint asked for. `read_as` is the value where the query was not written that way, with `note`
    saying what was missing."""

    kind: ReferenceKind
    values: tuple[str, ...]
    pinpoint: Pinpoint | None = None
    document: str | None = None
    read_as: str | None = None
    note: str | None = None

    @property
    def value(self) -> str:
        return self.values[0]


@dataclass(frozen=True, slots=True)
class NamedCase:
    """A judgment with the names and numbers it goes by."""

    names: tuple[str, ...]
    document: str
    numbers: tuple[str, ...]
    alone: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    kind: ReferenceKind
    way: str
    regex: re.Pattern[str]
    ref: str | None
    further: re.Pattern[str] | None
    further_after: re.Pattern[str] | None
    around: re.Pattern[str] | None
    not_before: re.Pattern[str] | None
    reach: int


@dataclass(frozen=True, slots=True)
class _Part:
    style: str
    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Found:
    """A reference in the folded text."""

    start: int
    end: int
    kind: ReferenceKind
    value: str
    document: str | None = None
    pinpoint: Pinpoint | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """A printed pinpoint in the folded text."""

    start: int
    end: int
    kind: PinpointKind
    value: str


_WORD = re.compile(r" ([^\W\d]{3,9})")
_RANGE_END = re.compile(r"(?:-|t/m|tot en met|to|bis|à|til)$")
_SENTENCE_END = re.compile(r"(?<=[\w-]{4})\. ")
# identifiers of one decision may stand side by side
_DECISION = {
    ReferenceKind.ECLI,
    ReferenceKind.CELEX,
    ReferenceKind.CASE_NUMBER,
    ReferenceKind.APPLICATION_NUMBER,
    ReferenceKind.DOCKET,
    ReferenceKind.AKTENZEICHEN,
    ReferenceKind.NEUTRAL_CITATION,
    ReferenceKind.LJN,
    ReferenceKind.UN_DOCUMENT,
    ReferenceKind.NAME,
}
_LISTED = {ReferenceKind.CASE_NUMBER, ReferenceKind.APPLICATION_NUMBER, ReferenceKind.DOCKET}
_PAPER = {ReferenceKind.KAMERSTUK, ReferenceKind.STAATSBLAD}
_PINPOINTED = _DECISION | _PAPER | {ReferenceKind.BACK_REFERENCE}


class ReferenceFinder:
    """Finds citations. One finder serves a process: its patterns are compiled once and it keeps no state between calls.

    Args:
        patterns: the folder with citations.toml, names.toml and laws.toml, or the three already parsed, under those names.
    Raises: CorpusInvalid, naming the file and the pattern, where one is missing or does not compile.
    """

    def __init__(self, patterns: Path | Mapping[str, Mapping[str, Any]] = _DEFAULT_FOLDER) -> None:
        data = patterns if isinstance(patterns, Mapping) else _read(patterns)
        try:
            self._build(data["citations"], data["names"], data["laws"])
        except (KeyError, TypeError, ValueError, re.error) as error:
            raise CorpusInvalid(f"corpus/patterns: {type(error).__name__} {error}") from error

    def _build(self, citations: Mapping[str, Any], names: Mapping[str, Any], laws: Mapping[str, Any]) -> None:
        compile_ = _Compiler(citations["fragments"])
        self._rules = tuple(_rule(table, compile_) for table in citations["pattern"])
        self._rule_of = {rule.name: rule for rule in self._rules}
        self._values = Values({word: int(number) for number, words in citations["months"].items() for word in words})
        self._ordinals: Mapping[str, int] = citations["ordinals"]

        article = citations["article"]
        compile_.fragments["article_number"] = article["number"]
        self._article_opening = compile_(article["opening"])
        self._article_number = compile_(article["number"])
        self._article_join = compile_(article["join"])
        self._article_word = compile_(article["word_in_join"])
        self._article_link = compile_(article["link"])
        self._article_parts = tuple(_Part(part["style"], compile_(part["regex"])) for part in article["part"])
        self._recital_opening = compile_(citations["recital"]["opening"])
        self._recital_join = compile_(citations["recital"]["join"])
        self._recital_number = compile_(citations["recital"]["number"])
        self._recital_link = compile_(citations["recital"]["link"])
        self._section_languages = set(article["section_languages"])
        self._section_of_judgment = compile_(article["section_of_judgment"])
        self._laws, self._law, self._law_before = _laws(laws["law"])
        self._sectioned = {str(law["id"]) for law in laws["law"] if law.get("sections")}
        self.acts: Mapping[str, tuple[str, ...]] = {str(law["id"]): tuple(law["names"]) for law in laws["law"]}  # id -> names

        pinpoint = citations["pinpoint"]
        words = "|".join(f"(?P<{word['kind']}>{word['regex']})" for word in pinpoint["word"])
        self._place_word = compile_(rf"(?<![\w.])(?:{words})\(?(?=\d)")
        self._place_number = compile_(pinpoint["number"])
        self._place_join = compile_(pinpoint["join"])
        self._place_range = compile_(pinpoint["range"])
        self._place_tail = compile_(pinpoint["tail"])

        binding = citations["binding"]
        self._after = compile_(rf"(?:{binding['after']})")
        self._after_words = compile_(binding["after_words"])
        self._after_name = compile_(binding["after_name"])
        self._before = compile_(binding["before"])
        self._before_words = compile_(rf"(?<!\w){binding['before_words']}(?!\w)")
        self._onward = compile_(rf"{binding['onward']}{binding['before_words']}(?!\w))")
        self._before_short = compile_(rf"^ (?:van|of|in|uit|der|des|du|de|from|af|i|aus) {binding['before_short']}")
        self._chain = compile_(citations["chain"]["gap"])
        self._chain_named = compile_(citations["chain"]["named"])

        name = citations["name"]
        self.cases = tuple(
            NamedCase(tuple(case["names"]), case["document"], tuple(case.get("numbers", ())), bool(case.get("alone")))
            for case in names["case"]
        )
        self._case_names = {name_key(printed): case for case in self.cases for printed in case.names}
        longest_first = sorted({printed for case in self.cases for printed in case.names}, key=lambda n: (-len(n), n))
        self._name = re.compile(rf"(?<![\w.])(?:{'|'.join(_loosely(printed) for printed in longest_first)})(?![\w])")
        self._name_before = compile_(name["before"])
        self._name_after = compile_(name["after"])
        self._name_reach = int(name["reach"])
        self._name_other = compile_(name["other"])
        self._name_not = compile_(name["not"])
        self._backs = tuple(
            (table["target"], compile_(table["regex"]), compile_(table["name"]) if "name" in table else None) for table in citations["back"]
        )

        learn = citations["learn"]
        self._learn = (compile_(learn["before"]), compile_(learn["after"]), compile_(learn["others"]))
        self._nouns: Mapping[str, tuple[str, ...]] = {noun: tuple(courts) for noun, courts in citations["nouns"].items()}
        self._date = compile_("<<date>>")
        query = citations["query"]
        self._query_lead = compile_(query["lead"], ignore_case=True)
        self._query_filler = compile_(query["filler"])
        self._query_pinpoint = compile_(query["pinpoint"], ignore_case=True)
        self._query_assumed = tuple(query["courts_assumed"])
        self._query_forms = tuple(
            (ReferenceKind(form["kind"]), str(form["value"]), form.get("note"), compile_(form["regex"], ignore_case=True))
            for form in query["form"]
        )

    def patterns(self) -> dict[str, re.Pattern[str]]:
        """Every pattern that runs over a text, by its name: for tests of their speed."""
        return (
            {rule.name: rule.regex for rule in self._rules}
            | {
                "article": self._article_opening,
                "recital": self._recital_opening,
                "pinpoint": self._place_word,
                "name": self._name,
                "name-other": self._name_other,
            }
            | {f"back-{number}": regex for number, (_, regex, _) in enumerate(self._backs)}
        )

    # ---------------------------------------------------------------- in text

    def find(self, text: str, language: str | None = None) -> list[Reference]:
        """The citations in `text`, in its order, none overlapping another.

        Args:
            language: of the text (BCP 47), where known: in German and Danish a bare `§ 7` is an article.
        """
        folded = Folded.of(text)
        found = self._candidates(folded.text, language)
        groups, places = self._bind(folded.text, found)
        found = _under_their_ecli(found, groups)
        references = []
        for item, group, place in zip(found, groups, places, strict=True):
            start, end = folded.span(item.start, item.end)
            reference = Reference(start, end, text[start:end], item.kind, item.value, item.pinpoint, item.document, None, group)
            if place:
                span = folded.span(place.start, place.end)
                printed = " ".join(text[span[0] : span[1]].split())
                kind = _numbering(item, place.kind)
                reference = replace(reference, pinpoint=Pinpoint(kind, place.value, printed), pinpoint_span=span)
            references.append(reference)
        return references

    def _candidates(self, text: str, language: str | None) -> list[_Found]:
        """What stands first wins the characters it claims; then in the order of the text."""
        taken = bytearray(len(text))
        kept: list[_Found] = []

        def keep(items: Iterable[_Found]) -> None:
            for item in items:
                if item.end > item.start and not any(taken[item.start : item.end]):
                    taken[item.start : item.end] = b"\x01" * (item.end - item.start)
                    kept.append(item)

        act = self._rule_of["act"]
        for rule in self._rules:
            if rule is not act:
                keep(self._run(rule, text))
        keep(self._articles(text, language))
        keep(self._recitals(text))
        keep(self._run(act, text))
        keep(self._known_names(text))
        kept.sort(key=lambda item: item.start)
        starts = [item.start for item in kept]
        keep(self._other_names(text))
        keep(self._back_references(text, starts))
        kept.sort(key=lambda item: item.start)
        return kept

    def _run(self, rule: _Rule, text: str) -> Iterator[_Found]:
        way = self._values.ways[rule.way]
        listed = 0  # where the last list ended: its members are not found a second time
        for match in _in_slices(rule.regex, text):
            if match.start() < listed:
                continue
            start, end = match.span(rule.ref or 0)
            if rule.not_before and rule.not_before.search(text[max(0, match.start() - 60) : match.start()]):
                continue
            if rule.around and not (
                rule.around.search(text[max(0, match.start() - rule.reach) : match.start()])
                or rule.around.search(text[end : end + rule.reach])
            ):
                continue
            groups: dict[str, str | None] = match.groupdict()
            value = way(groups)
            if value is None:
                continue
            yield _Found(start, end, rule.kind, value.text, value.document)
            if rule.further is None or (rule.further_after and not rule.further_after.search(text[match.start() : end])):
                continue
            for _ in range(_LONGEST_LIST):
                more = rule.further.match(text, end)
                if not more:
                    break
                groups = groups | {key: got for key, got in more.groupdict().items() if got is not None or key == "suffix"}
                value = way(groups)
                if value is None:
                    break
                first = min(more.start(key) for key, got in more.groupdict().items() if got)
                listed = end = more.end()
                yield _Found(first, end, rule.kind, value.text, value.document)

    def _act_at(self, text: str, position: int) -> tuple[str, int] | None:
        """The act named at `position`, and where its name ends."""
        numbered = self._rule_of["act"].regex.match(text, position)
        if numbered:
            value = self._values.ways["act"](numbered.groupdict())
            if value:
                return value.text, numbered.end()
        named = self._law.match(text, position)
        return (self._laws[_law_key(named[0])], named.end()) if named else None

    def _articles(self, text: str, language: str | None) -> Iterator[_Found]:
        claimed = 0
        for opening in _in_slices(self._article_opening, text):
            if opening.start() < claimed:
                continue
            sign = opening["word"].startswith("§")
            start, position, value = opening.start(), *self._article_value(text, opening.start("number"), opening["number"])
            subdivided = position > opening.end()
            items: list[tuple[int, int, str]] = [(start, position, value)]
            act: tuple[str, int] | None = None
            for _ in range(_LONGEST_LIST):
                act = self._act_behind(text, position, self._article_link)
                join = self._article_join.match(text, position)
                if act or not join or not (opening["plural"] or self._article_word.search(join[0])):
                    break
                number = self._article_number.match(text, join.end())
                if not number or self._is_month(text, number.end()) or (self._place_range.search(join[0]) and _descends(value, number[0])):
                    break
                position, value = self._article_value(text, number.start(), number[0])
                items.append((number.start(), position, value))
            claimed = position
            if not act:
                # `udlændingelovens § 7, stk. 3`, `EMRK artikel 3`
                named = self._law_before.search(text[max(0, start - 60) : start])
                act = (self._laws[_law_key(named[1])], position) if named else None
            if sign and not (
                (act and act[0] in self._sectioned)
                or (subdivided and re.search(r"Abs|stk|Nr|Satz", text[start:position]))
                or (
                    (language or "")[:2] in self._section_languages
                    and not self._section_of_judgment.search(text[max(0, start - 90) : start])
                )
            ):
                continue
            if act:
                items[-1] = (items[-1][0], act[1], items[-1][2])
            claimed = items[-1][1]
            for start, end, value in items:
                place = Pinpoint(PinpointKind.ARTICLE, value, text[start:end].replace("\n", " "))
                yield _Found(start, end, ReferenceKind.ARTICLE, act[0] if act else "", None, place)

    def _act_behind(self, text: str, position: int, link: re.Pattern[str]) -> tuple[str, int] | None:
        """The act named behind an article, directly or with `of the`, and where its name ends."""
        led = link.match(text, position)
        act = self._act_at(text, led.end()) if led and led.end() > position else None
        return act or (self._act_at(text, position + 1) if text[position : position + 1] == " " else None)

    def _is_month(self, text: str, position: int) -> bool:
        word = _WORD.match(text, position)
        return bool(word and self._values.is_month(word[1]))

    def _article_value(self, text: str, start: int, number: str) -> tuple[int, str]:
        """Where the article with its paragraphs and letters ends, and its value: `30a(1)(a)`."""
        value = re.sub(r"[ ()]|(?<=\d)er$", "", number)
        position = start + len(number)
        for _ in range(8):
            for part in self._article_parts:
                match = part.regex.match(text, position)
                if match and match.end() > position:
                    value += self._part_value(part.style, match)
                    position = match.end()
                    break
            else:
                break
        return position, value

    def _part_value(self, style: str, match: re.Match[str]) -> str:
        if style == "skip":
            return ""
        groups: Groups = match.groupdict()
        first = groups.get("n") or groups.get("a") or str(self._ordinals.get(groups.get("ord") or "", ""))
        also = groups.get("also")
        if also:
            between = match[0][: match.start("also") - match.start()].rstrip(" (")
            mark = "-" if _RANGE_END.search(between) else ","
            return f"({first}){mark}({self._ordinals.get(also, also)})"
        return f"({first})"

    def _recitals(self, text: str) -> Iterator[_Found]:
        for opening in _in_slices(self._recital_opening, text):
            items = [(opening.start(), opening.end(), opening["number"])]
            act: tuple[str, int] | None = None
            for _ in range(_LONGEST_LIST):
                act = self._act_behind(text, items[-1][1], self._recital_link)
                join = self._recital_join.match(text, items[-1][1])
                number = self._recital_number.match(text, join.end()) if join and not act else None
                if not number:
                    break
                items.append((number.start(), number.end(), number[0].rstrip(")")))
            if act:
                items[-1] = (items[-1][0], act[1], items[-1][2])
            for start, end, value in items:
                place = Pinpoint(PinpointKind.RECITAL, value, text[start:end].replace("\n", " "))
                yield _Found(start, end, ReferenceKind.RECITAL, act[0] if act else "", None, place)

    def _known_names(self, text: str) -> Iterator[_Found]:
        for match in _in_slices(self._name, text):
            before = text[max(0, match.start() - self._name_reach) : match.start()]
            after = text[match.end() : match.end() + self._name_reach]
            if self._name_before.search(before) or self._name_after.search(after):
                case = self._case_names[name_key(match[0])]
                yield _Found(match.start(), match.end(), ReferenceKind.NAME, case.names[-1], case.document)

    def _other_names(self, text: str) -> Iterator[_Found]:
        for match in _in_slices(self._name_other, text):
            name = _SENTENCE_END.split(match["name"])[0]
            name = name if name.endswith("e.a.") else name.rstrip(".,")
            if not self._name_not.search(name):
                yield _Found(match.start("name"), match.start("name") + len(name), ReferenceKind.NAME, name)

    def _back_references(self, text: str, starts: list[int]) -> Iterator[_Found]:
        for target, regex, named in self._backs:
            for match in _in_slices(regex, text):
                groups = match.groupdict()
                if named:
                    start = max(0, match.start() - self._name_reach)
                    name = named.search(text[start : match.start()])
                    if name and not self._name_not.search(name["name"]):
                        case = self._case_names.get(name_key(name["name"]))
                        span = (start + name.start("name"), start + name.end("name"))
                        yield _Found(*span, ReferenceKind.NAME, case.names[-1] if case else name["name"], case.document if case else None)
                    continue
                value = "judgment"
                if target == "dated-judgment":
                    # followed by its identifier it is a full citation, not a reference back
                    following = bisect_left(starts, match.end())
                    if following < len(starts) and _same_phrase(text[match.end() : starts[following]]):
                        continue
                    day = self._values.day(groups["date"] or "")
                    if day is None:
                        continue
                    value = f"judgment:{day}"
                yield _Found(*match.span(), ReferenceKind.BACK_REFERENCE, value)

    # ---------------------------------------------------------------- what a text says of its own citations

    def names_beside(self, text: str, start: int, end: int) -> list[str]:
        """The names that a text gives to the decision whose numbers stand at `text[start:end]`, without `e.a.`."""
        before, after, others = self._learn
        found = (before.search(Folded.of(text[max(0, start - 120) : start]).text), after.search(Folded.of(text[end : end + 100]).text))
        return [others.sub("", match["name"]).strip(" .,'") for match in found if match]

    def day_before(self, text: str, start: int) -> str | None:
        """The day printed last before `start` in the same sentence, ISO: that of the decision cited there."""
        window = Folded.of(text[max(0, start - 120) : start]).text
        days = list(self._date.finditer(window))
        if not days or re.search(r"[;\n]|[a-z]{2}\. [A-Z]", window[days[-1].end() :]):
            return None
        return self._values.day(days[-1][0])

    def days(self, text: str) -> list[tuple[int, int, str | None]]:
        """Every date in words or figures: where it stands, and the day (ISO), None where no calendar has it (`31 februari 2024`)."""
        folded = Folded.of(text)
        return [(*folded.span(match.start(), match.end()), self._values.day(match[0])) for match in _in_slices(self._date, folded.text)]

    def can_mean(self, printed: str, document: str) -> bool:
        """Whether the noun in `printed` (`voormeld arrest`) can stand for `document`; True where either tells nothing."""
        courts = next((self._nouns[word] for word in printed.lower().split() if word in self._nouns), None)
        if courts is None or not document.startswith("ECLI:"):
            return True
        return document.removeprefix("ECLI:").startswith(courts)

    # ---------------------------------------------------------------- pinpoints

    def _bind(self, text: str, found: list[_Found]) -> tuple[list[int], list[_Place | None]]:
        """For each of `found` the number of its citation, and the pinpoint printed behind or before that."""
        chains = self._chains(text, found)
        places = list(self._places(text))
        starts, ends = [item.start for item in found], [item.end for item in found]
        free = [place for place in places if not _overlaps(place, starts, ends)]
        by_start = {place.start: place for place in free}
        place_ends = [place.end for place in free]
        groups = [0] * len(found)
        bound: list[_Place | None] = [None] * len(found)
        used: set[int] = set()
        for number, chain in enumerate(chains):
            for index in chain:
                groups[index] = number
        for chain in chains:
            last = found[chain[-1]]
            if last.kind not in _PINPOINTED:
                continue
            limit = starts[chain[-1] + 1] if chain[-1] + 1 < len(starts) else len(text)
            place = self._place_behind(text, last, limit, by_start)
            if place and place.start not in used:
                used.add(place.start)
                for index in chain:
                    bound[index] = place
        for chain in chains:
            first = found[chain[0]]
            if bound[chain[0]] or first.kind not in _PINPOINTED:
                continue
            before = bisect_right(place_ends, first.start) - 1
            place = free[before] if before >= 0 else None
            floor = ends[chain[0] - 1] if chain[0] else 0
            if place and place.start not in used and place.start >= floor and self._leads_to(text[place.end : first.start]):
                used.add(place.start)
                for index in chain:
                    bound[index] = place
        return groups, bound

    def _chains(self, text: str, found: list[_Found]) -> list[list[int]]:
        chains: list[list[int]] = []
        for index, item in enumerate(found):
            chain = chains[-1] if chains else []
            if chain and len(chain) < _LONGEST_CHAIN and self._chained(text, [found[i] for i in chain], item):
                chain.append(index)
            else:
                chains.append([index])
        return chains

    def _chained(self, text: str, chain: list[_Found], item: _Found) -> bool:
        last = chain[-1]
        if item.kind not in _DECISION or last.kind not in _DECISION or item.start - last.end > 80:
            return False
        gap = text[last.end : item.start]
        if last.kind is ReferenceKind.CASE_NUMBER and item.kind is ReferenceKind.ECLI and self._chain_named.fullmatch(gap):
            return all(found.kind is not ReferenceKind.ECLI for found in chain)
        if not self._chain.fullmatch(gap):
            return False
        listed = gap.strip(" ,;()[]'\"*_") in ("en", "and", "und", "et", "og")
        if item.kind is last.kind:
            # several numbers of one judgment; two ECLIs or two names are two
            return item.kind in _LISTED and all(found.kind is item.kind or found.kind is ReferenceKind.NAME for found in chain)
        if listed or ";" in gap:
            return False
        kinds = {found.kind for found in chain}
        if ReferenceKind.ECLI in kinds:
            # behind its ECLI a judgment is named only in brackets
            return "(" in gap and item.kind not in kinds
        return item.kind not in kinds or item.kind is ReferenceKind.ECLI

    def _places(self, text: str) -> Iterator[_Place]:
        for word in _in_slices(self._place_word, text):
            number = self._place_number.match(text, word.end())
            if not number:
                continue
            value, position = number[0], number.end()
            for _ in range(12):
                join = self._place_join.match(text, position)
                more = self._place_number.match(text, join.end()) if join else None
                if not join or not more or (self._place_range.search(join[0]) and _descends(value, _whole(value, more[0]))):
                    break
                ranged = bool(self._place_range.search(join[0]))
                value += ("-" if ranged else ", ") + (_whole(value, more[0]) if ranged else more[0])
                position = more.end()
            tail = self._place_tail.match(text, position)
            yield _Place(word.start(), tail.end() if tail else position, PinpointKind(word.lastgroup or "para"), value)

    def _place_behind(self, text: str, item: _Found, limit: int, by_start: Mapping[int, _Place]) -> _Place | None:
        position, named = item.end, False
        limit = min(limit, item.end + 200)
        for _ in range(24):
            if position in by_start:
                place = by_start[position]
                return None if self._onward.match(text[place.end : place.end + 60]) else place
            match = self._after.match(text, position) if position < limit else None
            word = self._after_words.match(text, position) if position < limit else None
            step = max((m.end() for m in (match, word) if m), default=position)
            if step <= position:
                name = self._after_name.match(text, position) if not named and position < limit else None
                if not name or item.kind in _PAPER or item.kind is ReferenceKind.BACK_REFERENCE:
                    return None
                named, step = True, name.end()
            position = step
        return None

    def _leads_to(self, gap: str) -> bool:
        if len(gap) > 200 or "\n" in gap:
            return False
        if self._before_short.match(gap):
            return True
        led = self._before.match(gap)
        return bool(led and self._before_words.search(led["rest"]))

    # ---------------------------------------------------------------- the search box

    def parse_identifier(self, text: str) -> Identifier | None:
        """`text` as an identifier where all of it is one, however it is typed; None for a question.

        `ecli nl rvs 2021 1626`, `c297/17`, `Kamerstuk 19637 nr. 2992`, `Ibrahim punt 90` are; `artikel 3 EVRM` and
        `indirect refoulement C-392/22 bewijslast` are not: the one names no document, the other asks about one.
        """
        query = Folded.of(fold_identifier(text)).text.strip(" \"'“”„«».,;?!()[]")
        if not 3 <= len(query) <= 300 or not (any(c.isdigit() for c in query) or len(query) <= 60):
            return None
        plain = self._form(query)
        if plain:
            return plain
        body, place = self._query_place(query)
        return (self._form(body, place) if place else None) or self._whole_citation(query) or self._query_name(body, place)

    def _query_place(self, query: str) -> tuple[str, _Place | None]:
        match = self._query_pinpoint.match(query)
        if not match:
            return query, None
        word = self._place_word.match(f"{match['word'].lower()} 1")
        kind = PinpointKind(word.lastgroup) if word and word.lastgroup else PinpointKind.PARAGRAPH
        value = re.sub(r" ?(?:-|t/m|to|bis) ?", "-", match["value"], flags=re.I)
        value = re.sub(r" ?(?:,|en|and) ?", ", ", value, flags=re.I)
        return match["body"].rstrip(" ,(;:"), _Place(match.start("pinpoint"), match.end("pinpoint"), kind, value)

    def _form(self, query: str, place: _Place | None = None, *, led: bool = True) -> Identifier | None:
        lead = self._query_lead.match(query) if led else None
        for body in dict.fromkeys((query, query[lead.end() :] if lead else query)):
            for kind, way, note, regex in self._query_forms:
                match = regex.fullmatch(body.strip(" ,.;:()"))
                values = self._form_values(way, match.groupdict(), kind) if match else ()
                if values:
                    return self._identifier(body, kind, values, place, note)
        return None

    def _form_values(self, way: str, groups: Groups, kind: ReferenceKind) -> tuple[Value, ...]:
        if way == "assumed":
            made = (
                ecli({"country": c[:2], "court": c[3:], "year": groups["year"], "ordinal": groups["ordinal"]}) for c in self._query_assumed
            )
            return tuple(value for value in made if value)
        if way == "bare-act":
            a, b = groups.get("a") or groups.get("a2") or "", groups.get("b") or groups.get("b2") or ""
            celex = self._values.ways["act"]({"type": "regulation", "a": a, "b": b})
            return (celex, Value(f"{a}/{b}")) if celex else ()
        if way == "short-number":
            number, year = int(groups["number"] or 0), groups["year"] or ""
            if 40 < int(year) < 53:
                return ()
            old = 53 <= int(year) <= 88
            forms = (f"{number}/{year}",) if old else (f"C-{number}/{year}", f"{number}/{year}")
            return tuple(Value(form) for form in forms) if number else ()
        if kind is ReferenceKind.AKTENZEICHEN:
            groups = {key: value.upper() if key == "number" and value else value for key, value in groups.items()}
            court = groups.get("court") or ""
            groups = {**groups, "court": "BVerwG" if court.lower() == "bverwg" else _court_case(court)}
        value = self._values.ways[way](groups)
        return (value,) if value else ()

    def _identifier(self, typed: str, kind: ReferenceKind, values: tuple[Value, ...], place: _Place | None, note: str | None) -> Identifier:
        first = values[0]
        same = fold_identifier(typed).casefold() == first.text.casefold()
        found = _Found(0, 1, kind, first.text, first.document)
        pinpoint = None
        if place:
            pinpoint_kind = _numbering(found, place.kind)
            printed = f"{_PINPOINT_WORDS.get(pinpoint_kind, '')} {place.value}".strip()
            pinpoint = Pinpoint(pinpoint_kind, place.value, printed)
        document = first.document if len(values) == 1 else None
        return Identifier(
            kind, tuple(value.text for value in values), pinpoint, document, None if same else first.text, None if same else note
        )

    def _whole_citation(self, query: str) -> Identifier | None:
        """A full citation as pasted: one document, and nothing besides it but courts, dates and its pinpoint."""
        references = [r for r in self.find(query) if r.kind not in (ReferenceKind.BACK_REFERENCE,)]
        if not references or len({r.group for r in references}) != 1:
            return None
        kinds = {r.kind for r in references}
        if kinds & {ReferenceKind.ARTICLE, ReferenceKind.RECITAL} or not kinds - {ReferenceKind.NAME}:
            return None
        rest = list(query)
        for reference in references:
            for start, end in ((reference.start, reference.end), reference.pinpoint_span or (0, 0)):
                rest[start:end] = " " * (end - start)
        if not self._query_filler.match(" ".join("".join(rest).split()).strip(" ,;:().[]-")):
            return None
        references.sort(key=lambda r: r.kind is not ReferenceKind.ECLI)
        best = references[0]
        values = tuple(dict.fromkeys(r.value for r in references if r.kind is best.kind))
        same = fold_identifier(best.text).casefold() == best.value.casefold()
        document = best.document or next((r.document for r in references if r.document), None)
        return Identifier(best.kind, values, best.pinpoint, document, None if same else best.value)

    def _query_name(self, body: str, place: _Place | None) -> Identifier | None:
        lead = self._query_lead.match(body)
        for name in dict.fromkeys((body, body[lead.end() :] if lead else body)):
            case = self._case_names.get(name_key(name)) or self._names_in_lower_case.get(name_key(name).lower())
            if case and (place or case.alone or name != body):
                identifier = self._identifier(name, ReferenceKind.NAME, (Value(case.names[-1], case.document),), place, None)
                return replace(identifier, read_as=None)
        return None

    @property
    def _names_in_lower_case(self) -> Mapping[str, NamedCase]:
        return {key.lower(): case for key, case in self._case_names.items()}


_PINPOINT_WORDS = {
    PinpointKind.PARAGRAPH: "punt",
    PinpointKind.CONSIDERATION: "r.o.",
    PinpointKind.RANDNUMMER: "Rn.",
    PinpointKind.PAGE: "p.",
}


def find(text: str, language: str | None = None) -> list[Reference]:
    """`ReferenceFinder.find` with the patterns that come with the software."""
    return default_finder().find(text, language)


def parse_identifier(text: str) -> Identifier | None:
    """`ReferenceFinder.parse_identifier` with the patterns that come with the software."""
    return default_finder().parse_identifier(text)


@cache
def default_finder() -> ReferenceFinder:
    return ReferenceFinder()


def _read(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    tables = {}
    for name in ("citations", "names", "laws"):
        path = folder / f"{name}.toml"
        try:
            tables[name] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CorpusInvalid(f"corpus/patterns/{name}.toml cannot be read: {error}") from error
    return tables


class _Compiler:
    def __init__(self, fragments: Mapping[str, str]) -> None:
        self.fragments = dict(fragments)

    def __call__(self, regex: str, *, ignore_case: bool = False) -> re.Pattern[str]:
        for _ in range(4):  # fragments may name fragments
            regex = re.sub(r"<<(\w+)>>", lambda match: self.fragments[match[1]], regex)
        try:
            return re.compile(regex, re.I if ignore_case else 0)
        except re.error as error:
            raise CorpusInvalid(f"not a regular expression in corpus/patterns: {regex!r} ({error})") from None


def _rule(table: Mapping[str, Any], compile_: _Compiler) -> _Rule:
    further, after = table.get("continue"), table.get("continue_after")
    around, not_before = table.get("around"), table.get("not_before")
    return _Rule(
        name=table["name"],
        kind=ReferenceKind(table["kind"]),
        way=table.get("value", table["kind"]),
        regex=compile_(table["regex"], ignore_case=table.get("case") == "ignore"),
        ref=table.get("ref"),
        further=compile_(further) if further else None,
        further_after=compile_(after) if after else None,
        around=compile_(around) if around else None,
        not_before=compile_(not_before) if not_before else None,
        reach=int(table.get("reach", 90)),
    )


def _in_slices(regex: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The matches of `regex`, slice by slice; a match that begins in one slice may end in the next."""
    position = 0
    for start in range(0, len(text), SLICE_CHARS):
        for match in regex.finditer(text, max(position, start), min(len(text), start + SLICE_CHARS + _OVERLAP)):
            if match.start() >= start + SLICE_CHARS:
                break
            yield match
            position = match.end()


def _laws(tables: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], re.Pattern[str], re.Pattern[str]]:
    """The id of each name; a pattern for a name at a position, and one for a name directly before an article."""
    ids = {_law_key(name): str(law["id"]) for law in tables for name in law["names"]}
    alternatives = "|".join(re.escape(name).replace(r"\ ", " ") for name in sorted(ids, key=lambda n: (-len(n), n)))
    return ids, re.compile(rf"(?:{alternatives})(?![\w])"), re.compile(rf"(?<![\w])({alternatives}),? $")


def _law_key(name: str) -> str:
    return " ".join(Folded.of(name).text.split())


def _loosely(name: str) -> str:
    """A name as a pattern: initials with or without dots and blanks."""
    printed = Folded.of(name).text
    initials = re.match(r"(?:[A-Z]\.){2,}", printed)
    if not initials:
        return re.escape(printed)
    letters = initials[0].replace(".", "")
    return r"\.? ?".join(letters) + r"(?:\.(?!\w))?" + re.escape(printed[initials.end() :])


def name_key(name: str) -> str:
    """Names are one with and without the dots and blanks of their initials."""
    return re.sub(r"[. ]", "", Folded.of(name).text)


def _under_their_ecli(found: list[_Found], groups: list[int]) -> list[_Found]:
    """A name beside an ECLI names that decision: `Jafari (C-646/16, EU:C:2017:138)` is an order, not the judgment known as Jafari."""
    eclis = {group: item.document for item, group in zip(found, groups, strict=True) if item.kind is ReferenceKind.ECLI}
    return [
        replace(item, document=eclis[group]) if item.kind is ReferenceKind.NAME and group in eclis else item
        for item, group in zip(found, groups, strict=True)
    ]


def _same_phrase(gap: str) -> bool:
    return (
        len(gap) <= 90
        and "\n" not in gap
        and not gap.startswith(". ")
        and not re.search(r"(?<!&amp);", gap)
        and not re.search(r"[a-z]{2}\. [A-Z]", gap)
    )


def _overlaps(place: _Place, starts: list[int], ends: list[int]) -> bool:
    """Whether a citation covers the pinpoint's words (an article's own paragraph)."""
    after = bisect_right(starts, place.start)
    return (after > 0 and ends[after - 1] > place.start) or (after < len(starts) and starts[after] < place.end)


def _whole(first: str, second: str) -> str:
    """The end of an abbreviated range: `131-37` ends at 137."""
    start = re.split(r"[-,] ?", first)[-1]
    if start.isdigit() and second.isdigit() and len(second) < len(start):
        return start[: len(start) - len(second)] + second
    return second


def _descends(first: str, second: str) -> bool:
    """`85-3` is no range: the second number begins something else."""
    last = re.split(r"[-,] ?", first)[-1]
    return [int(n) for n in re.findall(r"\d+", second)] < [int(n) for n in re.findall(r"\d+", last)]


def _court_case(court: str) -> str:
    head, _, city = court.partition(" ")
    return f"{head.upper()} {city.title()}".strip()


def _numbering(item: _Found, printed: PinpointKind) -> PinpointKind:
    """How the cited court numbers its paragraphs, whatever word the citing text uses: `Ibrahim, r.o. 90` is paragraph 90."""
    if printed in (PinpointKind.PAGE, PinpointKind.SECTION) or item.kind in _PAPER:
        return printed
    match item.kind:
        case ReferenceKind.CASE_NUMBER | ReferenceKind.APPLICATION_NUMBER | ReferenceKind.UN_DOCUMENT:
            return PinpointKind.PARAGRAPH
        case ReferenceKind.DOCKET | ReferenceKind.LJN:
            return PinpointKind.CONSIDERATION
        case ReferenceKind.AKTENZEICHEN:
            return PinpointKind.RANDNUMMER
        case ReferenceKind.ECLI | ReferenceKind.NAME:
            identity = item.document or ""
            country = identity.split(":")[1] if identity.startswith("ECLI:") else "CE" if identity.startswith("ECHR-") else ""
            by_country = {
                "EU": PinpointKind.PARAGRAPH,
                "CE": PinpointKind.PARAGRAPH,
                "NL": PinpointKind.CONSIDERATION,
                "DE": PinpointKind.RANDNUMMER,
            }
            return by_country.get(country, printed)
        case _:
            return printed
