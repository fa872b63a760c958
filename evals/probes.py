"""Probes of the draft check: short drafts with one thing wrong, and right ones, made from an index by published rules.

    python -m evals.probes [--seed N] [--json] [--show]

Rules: evals/collections/draft-check/rules.toml. The same seed and corpus give the same probes. Misses and false alarms come with a
95% interval (Wilson); a test holds both to at most 2%.
"""

import argparse
import datetime as dt
import json
import math
import random
import re
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from evals import probe_styles
from ingest.parse.model import ParsedDocument
from ingest.parse.registry import sniff
from ingest.pipeline import Pipeline
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.domain.documents import Document, Kind, TextStatus, Track
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.domain.results import StandingValue
from kb.law.check import Checker, CheckResult, Verdict
from kb.settings import Settings
from kb.wiring import KnowledgeBase, View

FOLDER = Path(__file__).parent / "collections" / "draft-check"
ALARMS = (Verdict.DIFFERS, Verdict.NOT_IN_CORPUS)
_NUMBERED = (PinpointKind.PARAGRAPH, PinpointKind.CONSIDERATION, PinpointKind.RANDNUMMER)
_MARKS = {"nl": ["‘{q}’", "“{q}”", "'{q}'", '"{q}"', "„{q}”"], "en": ["‘{q}’", "“{q}”", '"{q}"', "«{q}»"]}
_TRACK_WORDS = {
    Track.DUBLIN_TRANSFER: ["Ook in Dublinzaken geldt dit ({c}).", "Bij een Dublinoverdracht is dat niet anders: {c}."],
    Track.STATUS_HOLDER: ["Voor statushouders is dat vaste rechtspraak ({c}).", "Wie statushouder is, moet dat aannemelijk maken: {c}."],
}
_COUNTRY = [
    "Voor wie naar {land} moet, geldt dit evenzeer ({c}).",
    "Voor {land} heeft de rechter dit uitgemaakt in {c}.",
    "Over de situatie in {land}: {c}.",
]
_LANDS = {
    "DK": "Denemarken",
    "SE": "Zweden",
    "GR": "Griekenland",
    "IT": "Italië",
    "BG": "Bulgarije",
    "HR": "Kroatië",
    "PL": "Polen",
    "BE": "België",
    "MT": "Malta",
    "HU": "Hongarije",
    "AT": "Oostenrijk",
    "DE": "Duitsland",
}
_OTHER_COURTS = {
    "nl-rvs": ["Rb. Den Haag", "HvJ EU", "CRvB", "HR"],
    "nl-rbdha": ["ABRvS", "Rb. Amsterdam", "HvJ EU", "Rb. Noord-Holland"],
    "eu-cjeu": ["EHRM", "ABRvS", "Gerecht EU"],
    "ce-ecthr": ["HvJ EU", "ABRvS", "HR"],
}
_MONTHS_NL = ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"]
_MONTHS_EN = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Probe:
    """One short draft. `target` is the document it means; `part` what was altered, None for a right one."""

    id: str
    rule: str
    text: str
    as_of: dt.date
    target: str | None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    probe: Probe
    failed: bool
    told: tuple[str, ...]  # what was told, for reading


@dataclass(frozen=True)
class Rate:
    """`failures` of `of`, with the 95% interval of Wilson (1927)."""

    failures: int
    of: int

    @property
    def share(self) -> float:
        return self.failures / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.959964, self.of, self.share
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.failures}/{self.of} = {self.share:.1%} (95%: {low:.1%} to {high:.1%})"


def build(data_dir: Path, corpus_dir: Path, *, texts: Path = FOLDER / "texts") -> KnowledgeBase:
    """An index of the corpus and of the probe's texts, with the hashing model: the check needs no vectors."""
    settings = Settings(data_dir=data_dir, corpus_dir=corpus_dir)
    pipeline = Pipeline(settings, embedder=HashingEmbedder, engine=MemoryEngine(), read=_read)
    pipeline.ingest([str(texts)])
    return KnowledgeBase(settings, embedder=HashingEmbedder(), engine=MemoryEngine())


def _read(path: Path) -> Sequence[ParsedDocument]:
    content = path.read_bytes()
    return sniff(content[:4096], path.name).parse(content, path.name)


@dataclass(frozen=True, slots=True)
class Place:
    """A numbered paragraph of a text that is held, with its sentences."""

    document: Document
    pinpoint: Pinpoint
    text: str
    language: str


@dataclass
class Maker:
    """Makes the probes of one index."""

    view: View
    rules: Mapping[str, Any]
    seed: int
    made: list[Probe] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.as_of: dt.date = self.rules["as_of"]
        self.random = random.Random(self.seed)

    def probes(self) -> list[Probe]:
        """Raises: LookupError where the corpus is too small for a rule."""
        for rule in self.rules["rule"]:
            self.random = random.Random(f"{self.seed}:{rule['id']}")
            make: Callable[[], Iterator[Probe]] = getattr(self, f"_{rule['id'].replace('-', '_')}")
            drawn: dict[str, Probe] = {}
            for probe in make():
                drawn.setdefault(probe.text, probe)
                if len(drawn) == rule["count"]:
                    break
            if len(drawn) < rule["count"]:
                raise LookupError(f"rule {rule['id']}: {len(drawn)} of {rule['count']} probes")
            self.made += [
                replace(probe, id=f"{rule['id']}-{n}", rule=rule["id"], part=rule.get("part")) for n, probe in enumerate(drawn.values(), 1)
            ]
        return self.made

    # ------------------------------------------------------------------ what there is

    @cached_property
    def documents(self) -> list[Document]:
        return [d for d in self.view.library.documents() if d.date is None or d.date.first_day <= self.as_of]

    @cached_property
    def decisions(self) -> list[Document]:
        return [d for d in self.documents if d.kind is Kind.JUDGMENT and d.date and d.date.precision == "day"]

    @cached_property
    def held(self) -> list[Document]:
        return [d for d in self.decisions if not d.catalogued]

    @cached_property
    def places(self) -> list[Place]:
        found = []
        for document in self.held:
            for expression in self.view.library.expressions(document.id, with_text=False):
                for passage in self.view.library.passages(expression.key):
                    if passage.pinpoint and passage.pinpoint.kind in _NUMBERED:
                        body = re.sub(r"^\d+(?:\.\d+)*\.?\s+", "", " ".join(passage.display.split()))
                        if len(body.split()) >= 10:
                            found.append(Place(document, passage.pinpoint, body, expression.language))
        return found

    def place_of(self, document: Document) -> Pinpoint | None:
        """A place that is printed in our digest of it, or in its text."""
        found = [
            p.pinpoint
            for e in self.view.library.expressions(document.id, with_text=False)
            if e.current and (e.text_status is not TextStatus.DIGEST or e.language == "nl")
            for p in self.view.library.passages(e.key)
            if p.pinpoint and p.pinpoint.kind in _NUMBERED
        ]
        return self.random.choice(found) if found else None

    def standing_day(self, document: Document) -> dt.date | None:
        """A day at which it stands for its own kind of case: the as-of date, else a month after its own."""
        days = [self.as_of]
        if document.date:
            days.append(document.date.last_day + dt.timedelta(days=30))
        for day in days:
            tracks = [document.track] if document.track else [None, *Track]
            if all(self.view.standing(document.id, day, track).value is not StandingValue.OVERTAKEN for track in tracks):
                return day
        return None

    def shuffled(self, documents: Sequence[Document]) -> list[Document]:
        return self.random.sample(list(documents), len(documents))

    def probe(self, text: str, document: Document | None, as_of: dt.date | None = None) -> Probe:
        return Probe("", "", text, as_of or self.as_of, document.id if document else None)

    def opened(self, citation: str, language: str) -> str:
        return str(self.random.choice(self.rules["openers"][language])).format(c=citation)

    # ------------------------------------------------------------------ forms

    def dutch(self, d: Document, place: Pinpoint | None = None, **changed: str) -> str:
        """`ABRvS 6 juli 2022, ECLI:…, r.o. 5.2`, with any part changed."""
        day = changed.get("day") or self.day(d, "nl")
        court = changed.get("court") or self.court(d)
        number = changed.get("number") or self.number(d)
        word = {"eu-cjeu": "punt", "ce-ecthr": "par.", "nl-rvs": "r.o.", "nl-rbdha": "r.o."}.get(d.court_key or "", "Rn.")
        at = f", {word} {place.value}" if place else ""
        return f"{court} {day}, {number}{at}"

    def day(self, d: Document, language: str) -> str:
        assert d.date is not None
        date = d.date.first_day
        return f"{date.day} {(_MONTHS_NL if language == 'nl' else _MONTHS_EN)[date.month - 1]} {date.year}"

    def court(self, d: Document) -> str:
        court = self.view.courts.by_key[d.court_key or ""]
        return re.sub(r" \([^()]*\)$", "", court.cite_nl)

    def number(self, d: Document) -> str:
        numbers = d.case_numbers[:1]
        if d.court_key == "eu-cjeu":
            return f"{numbers[0]}, {d.id}" if d.id.startswith("ECLI:") else numbers[0]
        if d.id.startswith("ECLI:"):
            return d.extra.get("printed_id", d.id)
        return f"nr. {numbers[0]}" if numbers else d.id

    def name(self, d: Document) -> str:
        return d.extra.get("case_name_nl", "") or d.extra.get("case_name", "")

    # ------------------------------------------------------------------ right

    def _right_dutch(self) -> Iterator[Probe]:
        kinds = [
            d for d in self.documents if d.kind in (Kind.JUDGMENT, Kind.LETTER) and d.date and d.date.precision == "day" and _citable(d)
        ]
        for d in self.shuffled(kinds):
            if day := self.standing_day(d):
                yield self.probe(self.opened(self.view.citation(d, self.place_of(d))["nl"], "nl"), d, day)

    def _right_english(self) -> Iterator[Probe]:
        for d in self.shuffled([d for d in self.decisions if _citable(d)]):
            if day := self.standing_day(d):
                yield self.probe(self.opened(self.view.citation(d, self.place_of(d))["en"], "en"), d, day)

    def _right_running(self) -> Iterator[Probe]:
        for d in self.shuffled([d for d in self.decisions if d.court_key in ("nl-rvs", "nl-rbdha", "eu-cjeu", "ce-ecthr")]):
            day, place = self.standing_day(d), self.place_of(d)
            if not day or not (d.id.startswith("ECLI:") or d.case_numbers):
                continue
            number = d.id if d.id.startswith("ECLI:") else f"nr. {d.case_numbers[0]}"
            if d.court_key == "nl-rvs":
                at = f", onder {place.value}" if place else ""
                yield self.probe(
                    f"De Afdeling heeft dit overwogen in de uitspraak van {self.day(d, 'nl')}, {number}{at}, en herhaald.", d, day
                )
            elif d.court_key == "nl-rbdha":
                at = f", r.o. {place.value}" if place else ""
                seat = f", zittingsplaats {d.sitting}," if d.sitting else ""
                yield self.probe(f"Anders oordeelde de rechtbank Den Haag{seat} op {self.day(d, 'nl')} ({number}{at}).", d, day)
            elif d.court_key == "eu-cjeu":
                at = f", punt {place.value}" if place else ""
                named = f"{self.name(d)}, " if self.name(d) else ""
                yield self.probe(
                    f"In het arrest van het Hof van Justitie van {self.day(d, 'nl')}, {named}{d.id}{at}, staat dat ook.", d, day
                )
            else:
                at = f", paragraph {place.value}" if place else ""
                yield self.probe(f"In its judgment of {self.day(d, 'en')} (no. {d.case_numbers[0]}{at}) the ECtHR said so.", d, day)

    def _right_number(self) -> Iterator[Probe]:
        for d in self.shuffled(
            [d for d in self.decisions if d.case_numbers and (d.court_key or "").startswith(("nl-rvs", "eu-cjeu", "de-", "ce-"))]
        ):
            day, place = self.standing_day(d), self.place_of(d)
            if not day or not _own_number(self.view, d):
                continue
            number = d.case_numbers[0] if d.court_key != "ce-ecthr" else f"nr. {d.case_numbers[0]}"
            at = (
                f", {'Rn.' if (d.court_key or '').startswith('de-') else 'punt' if d.court_key == 'eu-cjeu' else 'r.o.'} {place.value}"
                if place
                else ""
            )
            yield self.probe(self.opened(f"{self.court(d)} {self.day(d, 'nl')}, {number}{at}", "nl"), d, day)

    def _right_footnote(self) -> Iterator[Probe]:
        for n, d in enumerate(self.shuffled([d for d in self.decisions if d.court_key in _OTHER_COURTS and _citable(d)])):
            if day := self.standing_day(d):
                note = self.view.citation(d, self.place_of(d))["nl" if n % 2 else "en"]
                if n % 3:
                    text = f"De rechter heeft dit eerder uitgemaakt.[^1] Daaraan doet het gestelde niet af.\n\n[^1]: {note}.\n"
                else:
                    mark = "12".translate(_RAISED)
                    text = f"De rechter heeft dit eerder uitgemaakt.{mark} Dat geldt ook hier.\n\n{mark} {note}."
                yield self.probe(text, d, day)

    def _right_short(self) -> Iterator[Probe]:
        for n, d in enumerate(self.shuffled([d for d in self.decisions if d.court_key in _OTHER_COURTS and _citable(d)])):
            day, place = self.standing_day(d), self.place_of(d)
            if not day or not place:
                continue
            full = self.dutch(d)
            noun = "arrest" if d.court_key in ("eu-cjeu", "ce-ecthr") else "uitspraak"
            forms = [
                f"Zie {full}. In {'voormeld' if noun == 'arrest' else 'voormelde'} {noun}, onder {place.value}, is dit uitgewerkt.",
                f"De rechter oordeelde zo.[^1] Dat is bevestigd.[^2]\n\n[^1]: {full}.\n[^2]: Ibid, para {place.value}.",
                f"Zie {full}. Ook uit {'het' if noun == 'arrest' else 'de'} {noun} van {self.day(d, 'nl')} blijkt dat.",
            ]
            if self.name(d) and d.court_key in ("eu-cjeu", "ce-ecthr") and _known_name(self.view, self.name(d)):
                forms = [f"Zie {full} ({self.name(d)}). Dat staat ook elders ({self.name(d)}, punt {place.value}).", forms[1]]
            yield self.probe(forms[n % len(forms)], d, day)

    def _right_range(self) -> Iterator[Probe]:
        for d in self.shuffled(self.held * 6):
            own = [p for p in self.places if p.document.id == d.id]
            first, last = sorted(self.random.sample(range(len(own)), 2))
            join = self.random.choice(["-", "–", " t/m ", " en ", ", "])
            place = Pinpoint(own[0].pinpoint.kind, f"{own[first].pinpoint.value}{join}{own[last].pinpoint.value}", "")
            yield self.probe(self.opened(self.dutch(d, place), "nl"), d)

    def _right_quote(self) -> Iterator[Probe]:
        shapes = [
            "Het oordeel luidt: {q} ({c}).",
            "{q}, aldus {c}.",
            "In {c} is overwogen: {q}. Dat geldt ook hier.",
            "De rechter overwoog dat {q}.[^1] Dat is hier niet anders.\n\n[^1]: {c}.",
            "Blijkens {c}, is {q} het uitgangspunt.",
            "De maatstaf staat vast.[^1]\n\n[^1]: {c}: {q}.",
        ]
        for place in self.random.sample(self.places * 3, len(self.places) * 3):
            words = place.text.split()
            shape = self.random.choice(shapes)
            way = self.random.randrange(4)
            if way == 0 and len(words) > 14:
                cut = self.random.randrange(4, 8)
                quote = " ".join([*words[:cut], "[…]", *words[cut + 2 :]])
            elif way == 1:
                quote = f"[{words[0][0].swapcase()}]{' '.join(words)[1:]}"
            elif way == 2 and len(words) > 10:
                start = self.random.randrange(0, len(words) - 8)
                quote = " ".join(words[start : start + 8])
                if _cuts_negation(place, start, 8):
                    continue
            else:
                quote = place.text
            quote = quote.rstrip(".")
            marked = self.random.choice(_MARKS[place.language]).format(q=quote)
            yield self.probe(shape.format(q=marked, c=self.dutch(place.document, place.pinpoint)), place.document)

    def _right_kind(self) -> Iterator[Probe]:
        for n, d in enumerate(
            self.shuffled([d for d in self.decisions if d.court_key in ("nl-rvs", "nl-rbdha") and d.states and d.track and _citable(d)])
        ):
            day = self.standing_day(d)
            if not day or d.track is None:
                continue
            if n % 2 and d.states[0] in _LANDS:
                text = self.random.choice(_COUNTRY).format(land=_LANDS[d.states[0]], c=self.dutch(d))
            else:
                text = self.random.choice(_TRACK_WORDS[d.track]).format(c=self.dutch(d))
            yield self.probe(text, d, day)

    def styled(self, d: Document, chance: random.Random, **changed: Any) -> str | None:
        """One citation of `d` in one of the styles of its court, with any part changed."""
        key, place = d.court_key or "", self.place_of(d)
        number = changed.get("number") or (d.case_numbers[0] if d.case_numbers else "")
        ecli = changed.get("ecli") or (d.id if d.id.startswith("ECLI:") else "")
        names = {"own": self.name(d), "name": d.extra.get("case_name", ""), **changed.get("names", {})}
        assert d.date is not None
        day = changed.get("day") or d.date.first_day
        court = changed.get("court") or chance.choice(self.rules["style_courts"][key])
        style = str(changed.get("style") or chance.choice(self.rules["styles"][key]))
        return probe_styles.filled(style, d, day, court=court, number=number, ecli=ecli, place=place.value if place else None, names=names)

    @cached_property
    def styleable(self) -> list[Document]:
        return [d for d in self.decisions if d.court_key in self.rules["styles"] and d.case_numbers and not d.is_file and _citable(d)]

    def _right_styles(self) -> Iterator[Probe]:
        for d in self.shuffled(self.styleable * 4):
            day, citation = self.standing_day(d), self.styled(d, self.random)
            if day and citation:
                yield self.probe(probe_styles.surrounded(citation, self.random), d, day)

    def _right_wrapped(self) -> Iterator[Probe]:
        for d in self.shuffled(self.styleable * 4):
            day, citation = self.standing_day(d), self.styled(d, self.random)
            if day and citation:
                yield self.probe(probe_styles.wrapped(citation, self.random), d, day)

    def _right_listed(self) -> Iterator[Probe]:
        for d, other in zip(self.shuffled(self.styleable), self.shuffled(self.styleable), strict=True):
            days, citation = (self.standing_day(d), self.standing_day(other)), self.styled(d, self.random)
            if d.id != other.id and days[0] and days[0] == days[1] and citation:
                joined = self.random.choice([f"{self.dutch(other)}; {citation}", f"{citation.rstrip('.')} en {self.dutch(other)}."])
                yield self.probe(joined, d, days[0])

    # ------------------------------------------------------------------ altered

    def _style_date(self) -> Iterator[Probe]:
        for d in self.shuffled(self.styleable * 4):
            assert d.date is not None
            wrong = d.date.first_day + dt.timedelta(days=self.random.choice([-1, 1, 7, 30, 365]))
            if (citation := self.styled(d, self.random, day=wrong)) and probe_styles.dates(wrong)["nl"] != probe_styles.dates(
                d.date.first_day
            )["nl"]:
                way = probe_styles.wrapped if self.random.random() < 0.5 else probe_styles.surrounded
                yield self.probe(way(citation, self.random), d)

    def _style_ecli(self) -> Iterator[Probe]:
        known = [d.id for d in self.documents]
        for d in self.shuffled(self.styleable * 3):
            wrong = probe_styles.numbers_further(d.id, known, self.random) if d.id.startswith("ECLI:") else None
            citation = self.styled(d, self.random, ecli=wrong) if wrong else None
            if wrong and citation and wrong.removeprefix("ECLI:") in citation:
                yield self.probe(probe_styles.surrounded(citation, self.random), d)

    def _style_number(self) -> Iterator[Probe]:
        known = {number for d in self.documents for number in d.case_numbers}
        for d in self.shuffled(self.styleable * 4):
            wrong = _slip(d.case_numbers[0], self.random)
            citation = self.styled(d, self.random, number=wrong) if wrong and wrong not in known and _plausible(wrong) else None
            if wrong and citation and wrong in citation:
                yield self.probe(probe_styles.surrounded(citation, self.random), d)

    def _style_name(self) -> Iterator[Probe]:
        named = [d for d in self.styleable if d.court_key in ("eu-cjeu", "ce-ecthr") and self.name(d)]
        for d in self.shuffled(named * 6):
            other = self.random.choice([o for o in named if o.court_key == d.court_key and self.name(o) != self.name(d)])
            names = {"own": self.name(other), "name": other.extra.get("case_name", "")}
            styles = [style for style in self.rules["styles"][d.court_key or ""] if "{own}" in style or "{name}" in style]
            if citation := self.styled(d, self.random, names=names, style=self.random.choice(styles)):
                yield self.probe(citation, d)

    def _style_court(self) -> Iterator[Probe]:
        for d in self.shuffled(self.styleable * 4):
            if citation := self.styled(d, self.random, court=self.random.choice(_OTHER_COURTS.get(d.court_key or "", ["EHRM"]))):
                yield self.probe(citation, d)

    def _quote_colon(self) -> Iterator[Probe]:
        for place in self.random.sample(self.places, len(self.places)):
            others = [p for p in self.places if p.document.id == place.document.id and not _related(p.pinpoint.value, place.pinpoint.value)]
            cited = self.dutch(place.document, self.random.choice(others).pinpoint)
            yield self.probe(f"Zie {cited}: ‘{place.text.rstrip('.')}’.", place.document)

    def _ecli_digit(self) -> Iterator[Probe]:
        for n, d in enumerate(self.shuffled([d for d in self.decisions if d.court_key in _OTHER_COURTS and d.id.startswith("ECLI:")])):
            wrong = _slip(d.id, self.random, behind=d.id.index(":", 12) if d.court_key != "ce-ecthr" else 13)
            if wrong is None or self.view.library.find_document(wrong):
                continue
            if n % 3 == 0:
                text = self.opened(wrong, "en")
            elif d.court_key == "eu-cjeu":
                text = self.opened(self.dutch(d, number=f"{d.case_numbers[0]}, {wrong}"), "nl")
            else:
                text = self.opened(self.dutch(d, number=wrong), "nl")
            yield self.probe(text, d)

    def _docket_typo(self) -> Iterator[Probe]:
        known = {number for d in self.documents for number in d.case_numbers}
        for n, d in enumerate(
            self.shuffled([d for d in self.decisions if d.court_key in ("nl-rvs", "eu-cjeu", "ce-ecthr") and d.case_numbers])
        ):
            wrong = _slip(d.case_numbers[0], self.random)
            if wrong is None or wrong in known or not re.fullmatch(r"20\d{7}/\d/V\d|C-\d{1,3}/[012]\d(?: PPU)?|\d{4,5}/[0-29]\d", wrong):
                continue
            if d.court_key == "ce-ecthr":
                wrong = f"nr. {wrong}"
            number = f"{wrong}, {d.id}" if n % 2 and d.id.startswith("ECLI:") else wrong
            yield self.probe(self.opened(self.dutch(d, number=number), "nl"), d)

    def _name_number(self) -> Iterator[Probe]:
        named = [
            d
            for d in self.decisions
            if d.court_key in ("eu-cjeu", "ce-ecthr") and d.id.startswith("ECLI:") and self.name(d) and _known_name(self.view, self.name(d))
        ]
        for _ in range(60):
            d, other = self.random.sample(named, 2)
            if d.court_key == other.court_key:
                yield self.probe(self.opened(f"{self.dutch(d)} ({self.name(other)})", "nl"), d)

    def _date(self) -> Iterator[Probe]:
        for n, d in enumerate(self.shuffled([d for d in self.decisions if d.court_key in _OTHER_COURTS and _citable(d)])):
            assert d.date is not None
            date = d.date.first_day
            if n % 4 == 0 and date.day <= 12 and date.day != date.month:
                wrong = date.replace(day=date.month, month=date.day)
            elif n % 4 == 1:
                wrong = date.replace(year=date.year - 1) if (date.month, date.day) != (2, 29) else date.replace(day=28, year=date.year - 1)
            elif n % 4 == 2:
                wrong = date + dt.timedelta(days=self.random.choice([-1, 1, 7, 10]))
            else:
                wrong = date.replace(day=min(date.day, 28), month=date.month % 12 + 1)
            if n % 3 == 0:
                right, changed = self.day(d, "en"), f"{wrong.day} {_MONTHS_EN[wrong.month - 1]} {wrong.year}"
                citation = self.view.citation(d, None)["en"]
                if right not in citation:
                    citation, right, changed = self.dutch(d), self.day(d, "nl"), f"{wrong.day} {_MONTHS_NL[wrong.month - 1]} {wrong.year}"
            else:
                citation, right, changed = self.dutch(d), self.day(d, "nl"), f"{wrong.day} {_MONTHS_NL[wrong.month - 1]} {wrong.year}"
            yield self.probe(self.opened(citation.replace(right, changed), "nl"), d)

    def _court(self) -> Iterator[Probe]:
        for n, d in enumerate(self.shuffled([d for d in self.decisions if d.court_key in _OTHER_COURTS and _citable(d)])):
            if n % 4 == 0 and d.court_key == "nl-rbdha" and d.sitting:
                seat = self.random.choice([s for s in ("Utrecht", "Arnhem", "Zwolle", "Groningen", "Roermond") if s != d.sitting])
                court = f"Rb. Den Haag (zittingsplaats {seat})"
            else:
                court = self.random.choice(_OTHER_COURTS[d.court_key or ""])
            yield self.probe(self.opened(self.dutch(d, self.place_of(d), court=court), "nl"), d)

    def _pinpoint_beyond(self) -> Iterator[Probe]:
        for d in self.random.sample(self.held * 8, len(self.held) * 8):
            own = [p for p in self.places if p.document.id == d.id]
            last = max(int(p.pinpoint.value.split(".")[0]) for p in own) + 2 + self.random.randrange(0, 40)
            value = (
                f"{last}.{self.random.randrange(1, 4)}"
                if own[0].pinpoint.kind is PinpointKind.CONSIDERATION and self.random.random() < 0.5
                else str(last)
            )
            yield self.probe(self.opened(self.dutch(d, Pinpoint(own[0].pinpoint.kind, value, "")), "nl"), d)

    def _pinpoint_missing(self) -> Iterator[Probe]:
        for place in self.random.sample(self.places, len(self.places)):
            if place.pinpoint.kind is not PinpointKind.CONSIDERATION:
                continue
            value = f"{place.pinpoint.value.split('.')[0]}.{self.random.randrange(6, 10)}"
            if self.random.random() < 0.3:
                value = f"{place.pinpoint.value} en {value}"
            yield self.probe(self.opened(self.dutch(place.document, Pinpoint(place.pinpoint.kind, value, "")), "nl"), place.document)

    def _quote_negation(self) -> Iterator[Probe]:
        negations = {"nl": {"niet", "geen", "nooit", "evenmin", "zonder"}, "en": {"not", "no", "never", "without", "cannot"}}
        for place in self.random.sample(self.places * 3, len(self.places) * 3):
            words = place.text.rstrip(".").split()
            at = [i for i, word in enumerate(words) if word.strip(",.;").lower() in negations[place.language]]
            if at and self.random.random() < 0.6:
                i = self.random.choice(at)
                turned = {"geen": "een", "no": "a", "cannot": "can", "zonder": "met", "without": "with", "evenmin": "ook"}.get(
                    words[i].lower()
                )
                words[i : i + 1] = [turned] if turned else []
            else:
                verbs = [
                    i
                    for i, word in enumerate(words)
                    if word.lower() in ("is", "was", "heeft", "kan", "mag", "wordt", "moet", "has", "had", "may", "would", "betekent")
                ]
                verbs = [i for i in verbs if i + 1 < len(words) and words[i + 1].lower() not in negations[place.language]]
                if not verbs:
                    continue
                words.insert(self.random.choice(verbs) + 1, "niet" if place.language == "nl" else "not")
            yield self.quoted(place, " ".join(words))

    def _quote_word(self) -> Iterator[Probe]:
        for place in self.random.sample(self.places, len(self.places)):
            words = place.text.rstrip(".").split()
            i = self.random.randrange(2, len(words) - 3)
            way = self.random.randrange(3)
            if way == 0:
                words[i] = "mogelijk" if place.language == "nl" else "possibly"
            elif way == 1:
                del words[i]
            elif words[i] != words[i + 1]:
                words[i], words[i + 1] = words[i + 1], words[i]
            yield self.quoted(place, " ".join(words))

    def _quote_place(self) -> Iterator[Probe]:
        for place in self.random.sample(self.places, len(self.places)):
            others = [p for p in self.places if p.document.id == place.document.id and not _related(p.pinpoint.value, place.pinpoint.value)]
            yield self.quoted(replace(place, pinpoint=self.random.choice(others).pinpoint), place.text.rstrip("."))

    def _quote_language(self) -> Iterator[Probe]:
        for row in self.rules["translation"]:
            document = self.view.library.document(row["text"])
            kind = PinpointKind.CONSIDERATION if document.court_key != "ce-ecthr" else PinpointKind.PARAGRAPH
            language = "en" if "en" in row else "nl"
            yield self.quoted(Place(document, Pinpoint(kind, row["place"], ""), "", language), row[language].rstrip("."))

    def quoted(self, place: Place, quote: str) -> Probe:
        shape = self.random.choice(
            ["Het oordeel luidt: {q} ({c}).", "In {c} is overwogen: {q}.", "De rechter overwoog {q}.[^1]\n\n[^1]: {c}."]
        )
        marked = self.random.choice(_MARKS[place.language]).format(q=quote)
        return self.probe(shape.format(q=marked, c=self.dutch(place.document, place.pinpoint)), place.document)

    def _overtaken(self) -> Iterator[Probe]:
        for d in self.shuffled([d for d in self.documents if d.kind is Kind.JUDGMENT and _citable(d)]):
            if self.view.standing(d.id, self.as_of, d.track).value is StandingValue.OVERTAKEN:
                yield self.probe(self.opened(self.view.citation(d, None)["nl"], "nl"), d)
                yield self.probe(self.opened(self.view.citation(d, None)["en"], "en"), d)

    def _wrong_track(self) -> Iterator[Probe]:
        for d in self.shuffled([d for d in self.decisions if d.court_key in ("nl-rvs", "nl-rbdha") and d.track and _citable(d)]):
            other = Track.STATUS_HOLDER if d.track is Track.DUBLIN_TRANSFER else Track.DUBLIN_TRANSFER
            yield self.probe(self.random.choice(_TRACK_WORDS[other]).format(c=self.dutch(d)), d)

    def _wrong_country(self) -> Iterator[Probe]:
        for d in self.shuffled([d for d in self.decisions if d.court_key in ("nl-rvs", "nl-rbdha") and d.states and _citable(d)]):
            land = self.random.choice([name for code, name in _LANDS.items() if code not in d.states])
            yield self.probe(self.random.choice(_COUNTRY).format(land=land, c=self.dutch(d)), d)


def _citable(d: Document) -> bool:
    """Whether a citation of it holds a number by which it can be known: not a notice of a database or a page without one."""
    numbered = bool(d.case_numbers) and d.court_key in ("nl-rvs", "eu-cjeu", "ce-ecthr", "de-bverwg")
    return not d.is_file and (d.id.startswith(("ECLI:", "kst-")) or numbered)


def _own_number(view: View, d: Document) -> bool:
    return view.library.resolve_alias(d.case_numbers[0]) == [d.id]


def _known_name(view: View, name: str) -> bool:
    return len(view.library.resolve_alias(name)) == 1


def _plausible(number: str) -> bool:
    """Whether a court could have given a number: other ones are told as no numbers at all, which is easier."""
    return bool(
        re.fullmatch(r"20[012]\d{6}/\d/V\d|C-\d{1,3}/[012]\d(?: PPU)?|\d{4,5}/[012]\d|NL[12]\d\.\d{3,6}|1 C \d{1,2}\.[12]\d", number)
    )


def _related(a: str, b: str) -> bool:
    return a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.")


def _cuts_negation(place: Place, start: int, count: int) -> bool:
    words = place.text.split()
    after = words[start + count : start + count + 1]
    before = words[max(0, start - 1) : start]
    return any(word.strip(".,").lower() in ("niet", "not", "geen", "no", "nooit") for word in [*after, *before])


def _slip(number: str, chance: random.Random, *, behind: int = 0) -> str | None:
    """One digit changed, or two neighbours swapped, behind a position."""
    digits = [i for i, c in enumerate(number) if c.isdigit() and i > behind]
    if not digits:
        return None
    i = chance.choice(digits)
    if i + 1 in digits and number[i] != number[i + 1] and chance.random() < 0.3:
        return number[:i] + number[i + 1] + number[i] + number[i + 2 :]
    return number[:i] + chance.choice([c for c in "123456789" if c != number[i]]) + number[i + 1 :]


def judge(probe: Probe, result: CheckResult) -> Outcome:
    told = tuple(f"{c.text} [{k.what}: {k.verdict}] {k.detail['en']}" for c in result.citations for k in c.checks if k.verdict in ALARMS)
    if probe.part is None:
        found = probe.target is None or any(c.id == probe.target for c in result.citations)
        lost = [] if found else [f"not found: {[(c.text, c.id) for c in result.citations]}"]
        return Outcome(probe, bool(told) or not found, (*told, *lost))
    missed = not any(k.what == probe.part and k.verdict in ALARMS for c in result.citations for k in c.checks)
    every = tuple(f"{c.text} [{k.what}: {k.verdict}] {k.detail['en']}" for c in result.citations for k in c.checks)
    return Outcome(probe, missed, every if missed else told)


def measure(base: KnowledgeBase, *, seed: int | None = None) -> list[Outcome]:
    """Every probe with its outcome, in the order of the rules."""
    rules = tomllib.loads((FOLDER / "rules.toml").read_text(encoding="utf-8"))
    view = base.view()
    checker = Checker(view, base.check_rules, base.finder)
    probes = Maker(view, rules, rules["seed"] if seed is None else seed).probes()
    return [judge(probe, checker.check(probe.text, probe.as_of)) for probe in probes]


def rates(outcomes: Sequence[Outcome]) -> tuple[Rate, Rate]:
    """Misses among altered probes, false alarms among right ones."""
    altered = [o for o in outcomes if o.probe.part is not None]
    right = [o for o in outcomes if o.probe.part is None]
    return Rate(sum(o.failed for o in altered), len(altered)), Rate(sum(o.failed for o in right), len(right))


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m evals.probes")
    options.add_argument("--seed", type=int)
    options.add_argument("--corpus", type=Path, default=Path(__file__).parents[1] / "corpus")
    options.add_argument("--json", action="store_true")
    options.add_argument("--show", action="store_true", help="print every probe that failed")
    given = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = measure(build(Path(folder) / "var", given.corpus), seed=given.seed)
    misses, alarms = rates(outcomes)
    failed = Counter(o.probe.rule for o in outcomes if o.failed)
    counts = Counter(o.probe.rule for o in outcomes)
    if given.json:
        body = {
            "misses": {"failures": misses.failures, "of": misses.of, "interval": misses.interval},
            "false_alarms": {"failures": alarms.failures, "of": alarms.of, "interval": alarms.interval},
            "rules": {rule: {"of": n, "failures": failed[rule]} for rule, n in counts.items()},
        }
        sys.stdout.write(json.dumps(body, indent=1) + "\n")
    else:
        lines = [f"{rule:<18} {failed[rule]:>3} of {n}" for rule, n in counts.items()]
        sys.stdout.write("\n".join([*lines, f"misses        {misses}", f"false alarms  {alarms}"]) + "\n")
    if given.show:
        for o in outcomes:
            if o.failed:
                sys.stdout.write(
                    f"\n{o.probe.id} {o.probe.as_of} {o.probe.target}\n  {o.probe.text!r}\n" + "".join(f"    {t}\n" for t in o.told)
                )
    return int(max(misses.share, alarms.share) > 0.02)


if __name__ == "__main__":
    sys.exit(main())
