"""The draft check on probes made by published rules: at most 2% misses and 2% false alarms, on more than one seed."""

import contextlib
import datetime as dt
import tomllib
from pathlib import Path

import pytest

from evals import probes
from kb.errors import InputRejected
from kb.law.check import Checker
from kb.wiring import KnowledgeBase
from tests.factories import REPOSITORY


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return probes.build(tmp_path_factory.mktemp("probes"), REPOSITORY / "corpus")


@pytest.mark.parametrize("seed", [None, 7])
def test_misses_and_false_alarms_are_at_most_two_percent(base: KnowledgeBase, seed: int | None) -> None:
    outcomes = probes.measure(base, seed=seed)
    misses, alarms = probes.rates(outcomes)
    failed = [f"{o.probe.id}: {o.probe.text!r} {o.told}" for o in outcomes if o.failed]
    assert misses.of >= 150
    assert alarms.of >= 150
    assert misses.share <= 0.02, (str(misses), failed)
    assert alarms.share <= 0.02, (str(alarms), failed)


def test_the_same_seed_makes_the_same_probes(base: KnowledgeBase) -> None:
    rules = tomllib.loads((probes.FOLDER / "rules.toml").read_text(encoding="utf-8"))
    first, again = (probes.Maker(base.view(), rules, 7).probes() for _ in range(2))
    assert first == again
    assert len(first) == sum(rule["count"] for rule in rules["rule"])


def test_the_interval_is_that_of_wilson() -> None:
    # Wilson (1927), worked by hand: 3 of 150
    low, high = probes.Rate(3, 150).interval
    assert low == pytest.approx(0.00683, abs=1e-4)
    assert high == pytest.approx(0.05717, abs=1e-4)


LAW = "ECLI:NL:RVS:2020:99002"


@pytest.mark.parametrize(
    ("draft", "what", "verdict", "said"),
    [
        (f"In ABRvS 23 september 2020, {LAW}, r.o. 3, staat: ‘Iedere achteruitgang van de levensomstandigheden bereikt de bijzonder hoge "
         "drempel’.", "quote", "differs", "niet"),
        (f"‘kan voorzien in zijn meest elementaire behoeften’ (ABRvS 23 september 2020, {LAW}, r.o. 3.1).", "quote", "ok", ""),
        (f"‘zonder enige hulp van de overheid’ (ABRvS 23 september 2020, {LAW}, r.o. 3.1).", "quote", "differs", "r.o. 2.1"),
        (f"Zie ABRvS 23 september 2020, {LAW}, r.o. 6.", "pinpoint", "differs", "5"),
        (f"Zie ABRvS 23 september 2020, {LAW}, r.o. 3-3.3.", "pinpoint", "ok", ""),
        ("Zie HvJ EU 19 maart 2019, C-297/17, ECLI:EU:C:2019:291 (Ibrahim).", "exists", "differs", "ECLI:EU:C:2019:219"),
        ("Zie ECLI:NL:RVS:2023:98765.", "exists", "not-in-corpus", ""),
        ("Zie ECLI:NL:RVS:23:98765.", "exists", "not-in-corpus", "ECLI"),
        ("Zie ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864.", "standing", "differs", "12 June 2024"),
        ("De Afdeling verliet haar toets (ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864) in ABRvS 12 juni 2024, nr. 202304791/1/V2: die is "
         "achterhaald.", "standing", "ok", "12 June 2024"),
        ("In Zweden is het anders: ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864.", "country", "differs", "Denmark"),
        ("Vgl. voor Zweden ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864.", "country", "not-checkable", "Denmark"),
        ("Rb. Den Haag (zp. Arnhem) 16 december 2022, ECLI:NL:RBDHA:2022:13647.", "court", "differs", "Utrecht"),
        ("Case C-359/22 AHY (CJEU, 17 April 2024).", "date", "differs", "18 April 2024"),
        ("BVerwG, Urteil vom 16.04.2025 - 1 C 18.24 -, Rn. 40.", "pinpoint", "ok", ""),
        (f"Zie ABRvS 23 september 2020, {LAW}, r.o. 2.1: ‘kan voorzien in zijn meest elementaire behoeften’.", "quote", "differs",
         "r.o. 3.1"),
        ("Raad van State 2022-07-05, ECLI:NL:RVS:2022:1864.", "date", "differs", "6 July 2022"),
        ("De rechtbank Den Haag, zittingsplaats Utrecht, oordeelde op 15 december 2022 anders (ECLI:NL:RBDHA:2022:13647).", "date",
         "differs", "16 December 2022"),
        ("HvJ EU heeft op 6 juli 2022 (ECLI:NL:RVS:2022:1864) geoordeeld dat dit zo is.", "court", "differs", "Afdeling"),
        ("T.I./Verenigd Koninkrijk, nr. 43844/98, EHRM 8 maart 2000.", "date", "differs", "7 March 2000"),
        ("EuGH, Urteil vom 18. Juni 2024 – C-753/22 – Jawo, Rn. 53.", "exists", "differs", "ECLI:EU:C:2019:218"),
        ("HvJ EU 1 augustus 2022, C-720/20 (RO), ECLI:EU:C:2019:964.", "exists", "differs", "C-720/20"),
        ("BVerwG (Duitsland) 16 april 2025, 9 C 18.24, Rn. 40.", "exists", "differs", "1 C 18.24"),
        ("Bij uitspraak van 6 juli 2022, in zaak nr. 202106573/1/V3 (ECLI:NL:RVS:2022:1864), heeft het EHRM dat overwogen.", "court",
         "differs", "Afdeling"),
        ("Kamerstukken II 2020/21, 19637, nr. 2785.", "exists", "differs", "2021/22"),
        ("Case C-163/17 Jawo v Bundesrepublik Deutschland EU:C:2019:219, para 92.", "exists", "differs", "C-297/17"),
        ("Zie het arrest Jawo van het Hof van Justitie van 20 maart 2019.", "date", "differs", "19 March 2019"),
        ("ABRvS\n6\xa0juli \n2022, ECLI:NL:RVS:\n2022:1864, r.o. 1.", "date", "ok", ""),
    ],
)  # fmt: skip
def test_a_citation_by_example(base: KnowledgeBase, draft: str, what: str, verdict: str, said: str) -> None:
    checker = Checker(base.view(), base.check_rules, base.finder)
    checks = [c for citation in checker.check(draft, dt.date(2026, 11, 1)).citations for c in citation.checks if c.what == what]
    assert [str(c.verdict) for c in checks][:1] == [verdict], checks
    assert said in f"{checks[0].detail['en']} {checks[0].right or ''}"


@pytest.mark.parametrize(
    ("draft", "short", "meant"),
    [
        ("ABRvS 28 juli 2021, ECLI:NL:RVS:2021:1626. In voormelde uitspraak, onder 4.1, staat dat.", "voormelde", "ECLI:NL:RVS:2021:1626"),
        ("HvJ EU 19 maart 2019, C-297/17 (Ibrahim). Zie verder Ibrahim, punt 90.", "Ibrahim, punt 90", "ECLI:EU:C:2019:219"),
        ("Een zin.[^1] Nog een.[^2]\n\n[^1]: HvJ EU 19 maart 2019, C-163/17.\n[^2]: Ibid, para 92.", "Ibid", "ECLI:EU:C:2019:218"),
        ("Een zin.[^1] Nog een, in voormeld arrest.\n\n[^1]: HvJ EU 19 maart 2019, C-163/17.", "voormeld", "ECLI:EU:C:2019:218"),
        (
            "Een.[^1] Twee.[^2] Drie.[^3]\n\n[^1]: Case C-163/17.\n[^2]: Case C-297/17.\n[^3]: Jawo (n 1) para 92.",
            "(n 1)",
            "ECLI:EU:C:2019:218",
        ),
        ("ABRvS 28 juli 2021, ECLI:NL:RVS:2021:1626. Ook de uitspraak van 28 juli 2021 zegt dat.", "de uitspraak", "ECLI:NL:RVS:2021:1626"),
    ],
)
def test_a_short_form_means_what_stood_before(base: KnowledgeBase, draft: str, short: str, meant: str) -> None:
    result = Checker(base.view(), base.check_rules, base.finder).check(draft, dt.date(2026, 11, 1))
    (found,) = [c for c in result.citations if short in c.text]
    assert found.id == meant
    assert found.short_form
    assert all(draft[c.start_char : c.end_char] == c.text for c in result.citations)


def test_a_short_form_that_can_mean_two_decisions_is_not_guessed(base: KnowledgeBase) -> None:
    draft = "ABRvS 28 juli 2021, ECLI:NL:RVS:2021:1626 en ABRvS 28 juli 2021, ECLI:NL:RVS:2021:1627, zeggen dat. Zie voormelde uitspraak."
    found = Checker(base.view(), base.check_rules, base.finder).check(draft, dt.date(2026, 11, 1)).citations[-1]
    assert found.id is None
    assert [str(c.verdict) for c in found.checks] == ["not-checkable"]


def test_a_long_hostile_draft_is_read_in_linear_time(base: KnowledgeBase) -> None:
    import time

    checker = Checker(base.view(), base.check_rules, base.finder)
    for pumped in ("‘een twee drie vier ", "ECLI:NL:", "(n 1) ", "[^1] ", "Ibid. ", "de uitspraak van 28 juli 2021 ", '"a "b '):
        begun = time.process_time()
        with contextlib.suppress(InputRejected):  # too many citations
            checker.check(pumped * (50_000 // len(pumped)), dt.date(2026, 11, 1))
        assert time.process_time() - begun < 6, pumped


def test_the_texts_of_the_probes_are_ours() -> None:
    # invented numbers and states: nothing of a court's is copied here
    for path in (probes.FOLDER / "texts").iterdir():
        assert "99" in path.read_text(encoding="utf-8"), path
        assert Path(path).stat().st_size < 20_000
