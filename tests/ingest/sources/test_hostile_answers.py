"""Whatever a publisher answers, a question ends with a document or with a reason: no other exception, no guess."""

import datetime as dt
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sources import recognise
from ingest.sources.cellar import Cellar
from ingest.sources.client import Answer
from ingest.sources.hudoc import Hudoc
from ingest.sources.model import Wanted
from ingest.sources.parliament import Publications, TweedeKamer
from ingest.sources.problems import FetchProblem
from ingest.sources.rechtspraak import Rechtspraak, read_feed
from ingest.sources.rijksoverheid import Rijksoverheid
from ingest.sources.rules import SourceRules
from tests.ingest.builds import ROOT
from tests.ingest.sources import shapes

RULES = SourceRules.load(ROOT / "corpus")
_scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
_keys = st.sampled_from(
    ["results", "resultcount", "columns", "value", "head", "bindings", "id", "files", "celex", "itemid", "Id", "DocumentNummer", "title"]
)
anything = st.recursive(_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4), max_leaves=12)
_good = {
    "sparql": shapes.sparql([("62020CJ0001", "ECLI:EU:C:2026:1", "2026-11-01")]),
    "hudoc": shapes.hudoc_items([{"itemid": "001-1000", "ecli": "", "appno": "1/99", "languageisocode": "ENG"}]),
    "feed": shapes.feed([("ECLI:NL:RBDHA:2099:1", "x", "2026-11-24T10:00:00Z", None)]),
    "sru": shapes.sru(["kst-19637-1"]),
    "ruling": shapes.ruling("ECLI:NL:RBDHA:2099:1", ["Ja."]),
    "letter": shapes.letter("kst-19637-1", ["Ja."]),
    "arrest": shapes.arrest("C-1/20", None, ["Ja."]),
    "strasbourg": shapes.strasbourg("1/99", ["Yes."]),
}


@dataclass
class Asked:
    """A client that has one answer to everything, looked at as the real one does before it is passed on."""

    body: bytes
    asked: int = 0

    def get(self, url: str, *, recognise: recognise.Recognise, **_: Any) -> Answer:
        self.asked += 1
        if self.asked > 40:
            raise FetchProblem("endless", "asked forty times")
        recognise(self.body, {"content-type": "application/octet-stream"}, url)
        return Answer(self.body, url, url, 200, {}, "2026-11-24T09:00:00+00:00", False, "key")

    def now(self) -> float:
        return 1_795_510_800.0


def _wanted(**hints: str) -> Wanted:
    return Wanted("x", "x", "en", "x", hints)


QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "rechtspraak": lambda c: Rechtspraak(RULES).fetch(c, _wanted(ecli="ECLI:NL:RBDHA:2099:1")),
    "replacement": lambda c: Rechtspraak(RULES).replacement(c, "ECLI:NL:RBDHA:2099:1"),
    "feed": lambda c: list(Rechtspraak(RULES).entries(c, {}, "2026-11-01")),
    "cellar": lambda c: Cellar(RULES).fetch(c, _wanted(identities="C-1/20", celex="62020CJ0001")),
    "sparql": lambda c: list(Cellar(RULES).new_decisions(c, "2026-11-01")),
    "hudoc": lambda c: Hudoc(RULES).fetch(c, _wanted(applications="1/99")),
    "new hudoc": lambda c: list(Hudoc(RULES).new_items(c, dt.date(2026, 11, 1), dt.date(2026, 11, 2))),
    "letter": lambda c: Publications(RULES).fetch(c, _wanted(id="kst-19637-1")),
    "sru": lambda c: list(Publications(RULES).changed(c, "19637", "2026-11-01")),
    "tweedekamer": lambda c: TweedeKamer(RULES).fetch(c, _wanted(number="2021D21905")),
    "fresh papers": lambda c: list(TweedeKamer(RULES).changed(c, "19637", "2026-11-01")),
    "rijksoverheid": lambda c: list(Rijksoverheid(RULES).new_reports(c, "2026-11-01")),
    "item": lambda c: Rijksoverheid(RULES).fetch(c, _wanted(guid="4a1b0c2d-0000-4000-8000-00000000000a")),
}


def _ends(question: str, body: bytes) -> None:
    client = Asked(body)
    with suppress(FetchProblem):
        QUESTIONS[question](client)
    assert client.asked <= 40, question


@pytest.mark.parametrize("question", list(QUESTIONS))
@given(body=anything)
@settings(max_examples=40, deadline=None)
def test_any_json_ends_with_a_reason_or_a_result(question: str, body: object) -> None:
    _ends(question, json.dumps(body).encode())


@pytest.mark.parametrize("question", list(QUESTIONS))
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_good_answer_that_was_bent_ends_with_a_reason_or_a_result(question: str, data: st.DataObject) -> None:
    body = bytearray(_good[data.draw(st.sampled_from(sorted(_good)))])
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
    _ends(question, bytes(body))


@pytest.mark.parametrize("question", ["sparql", "rijksoverheid", "feed"])
def test_a_server_that_gives_the_same_full_page_for_ever_is_not_asked_for_ever(question: str) -> None:
    pages = {
        "sparql": shapes.sparql([(f"62020CJ{n:04}", f"ECLI:EU:C:2026:{n + 1}", "2026-11-01") for n in range(500)]),
        "rijksoverheid": json.dumps([{"id": f"{n:08x}-0000-4000-8000-00000000000a", "title": "x"} for n in range(200)]).encode(),
        "feed": shapes.feed([(f"ECLI:NL:RBDHA:2099:{n}", "x", "2026-11-24T10:00:00Z", None) for n in range(1000)]),
    }
    client = Asked(pages[question])
    QUESTIONS[question](client)
    assert client.asked == 2


@given(cut=st.integers(0, len(_good["ruling"]) - 1))
@settings(max_examples=60, deadline=None)
def test_a_ruling_cut_anywhere_is_not_taken(cut: int) -> None:
    with pytest.raises(FetchProblem):
        recognise.rechtspraak("ECLI:NL:RBDHA:2099:1")(_good["ruling"][:cut], {}, "u")


@given(cut=st.integers(0, len(_good["feed"]) - 1))
@settings(max_examples=60, deadline=None)
def test_a_feed_cut_anywhere_is_not_read(cut: int) -> None:
    with pytest.raises(FetchProblem):
        recognise.feed(_good["feed"][:cut], {}, "u")


def test_a_feed_with_entities_from_outside_is_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>' + shapes.feed([]).partition(b"?>")[2]
    with pytest.raises(FetchProblem) as caught:
        read_feed(bomb, "u")
    assert caught.value.reason == "changed-schema"
