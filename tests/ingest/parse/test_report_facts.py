"""What a report prints of itself: its date, the period of its facts, its country and the sources it relies on."""

import time

import pytest

from ingest.parse.pdf import PdfParser
from ingest.parse.report_facts import ReportFacts, read_facts
from kb.domain.documents import Kind, Voice
from tests.ingest.parse.tiny_pdf import Text, paragraph, write_pdf

EUAA = "European Union Agency for Asylum"


@pytest.mark.parametrize(
    ("head", "text", "title", "publisher", "expected"),
    [
        (
            ["Algemeen Ambtsbericht Ruritanië", "Datum mei 2023"],
            "De verslagperiode beslaat\nde periode van juli 2021 tot en met april 2023.",
            "Algemeen Ambtsbericht Syrië",
            None,
            ReportFacts("2023-05", "2021-07", "2023-04", ("SY",)),
        ),
        (
            ["Country Report: Greece", "2022 Update", "June 2023"],
            "The information in this report is up-to-date as of 31 December 2022, unless otherwise stated.",
            "Country Report: Greece",
            None,
            ReportFacts("2023-06", None, "2022-12-31", ("GR",)),
        ),
        (
            ["Security situation", "October 2024"],
            "The reference period for this report is from 1 September 2023 to 31 August 2024. According to UNHCR, it rains.\n"
            "12 Human Rights Watch, World Report, 2023, url\nAmnesty International was not asked.",
            "South Sudan: Security situation",
            EUAA,
            ReportFacts("2024-10", "2023-09-01", "2024-08-31", ("SS",), ("UNHCR", "Human Rights Watch")),
        ),
        (
            ["Länderinformation", "Stand: 15. März 2022"],
            "Berichtszeitraum: Januar bis Juni 2021.\nQuellen\nDanish Refugee Council, Notiz",
            "Länderinformation: Afghanistan",
            None,
            ReportFacts("2022-03-15", "2021-01", "2021-06", ("AF",), ("Danish Refugee Council",)),
        ),
        (
            [],
            "Le présent rapport couvre la période du mois de mars 2020 à mai 2021.",
            "Rapport sur la Grèce",
            None,
            ReportFacts(None, "2020-03", "2021-05", ("GR",)),
        ),
        (
            ["Greece: 2023 visit"],
            "Greece: 2023 visit\n\nThe main objective of the November 2023 visit to Greece was to examine the treatment of foreigners.",
            "Executive summary",
            None,
            ReportFacts(None, None, "2023-11", ("GR",)),
        ),
        # a day that no calendar has, a period that runs backwards, a date in prose: nothing rather than a guess
        (["Published: 31 February 2022"], "reference period 1 May 2023 to 1 May 2022", "", None, ReportFacts()),
        (["On 3 March 2022 he told the house that this report was at that time still to be expected."], "", "", None, ReportFacts()),
        ([], "European Union Agency for Asylum, 2022, url", "", EUAA, ReportFacts()),
    ],
)  # fmt: skip
def test_what_is_printed_is_found_and_nothing_else(
    head: list[str], text: str, title: str, publisher: str | None, expected: ReportFacts
) -> None:
    assert read_facts(head, text, title, publisher) == expected


def test_a_report_in_pdf_has_publisher_date_period_country_and_sources() -> None:
    body = [
        "This report covers the period from 1 January 2023 to 31 December 2023. It was drafted in the country by two",
        "researchers, who spoke with eleven people. According to UNHCR, places for people with a status are few, and the",
        "waiting list is long. Those who leave a camp must find a home themselves, on a market where homes are dear.",
    ]
    pages = [
        [Text(70, 760, "Country Report: Greece", 24, True), Text(70, 720, "2023 Update", 14), Text(70, 690, "June 2024", 11),
         Text(70, 660, "European Council on Refugees and Exiles", 11)],
        [Text(70, 760, "1 Introduction", 13, True), *paragraph(70, 730, body)],
    ]  # fmt: skip
    (document,) = PdfParser().parse(write_pdf(pages), "report.pdf")
    found = document.metadata
    assert (found.kind, found.court) == (Kind.REPORT, "Asylum Information Database (AIDA) / ECRE")
    assert (found.published_on, found.facts_from, found.facts_until) == ("2024-06", "2023-01-01", "2023-12-31")
    assert (found.extra["country"], found.sources) == ("GR", ["UNHCR"])
    assert {p.voice for p in document.passages} == {Voice.NGO}


@pytest.mark.parametrize(
    "pump", ["the reference period ", "covers the period ", "1 may 2023 to ", "up-to-date as of ", "unhcr ", "\n1 a", "2023 "]
)
def test_a_hostile_text_costs_no_more_than_its_length(pump: str) -> None:
    started = time.process_time()
    read_facts([pump * 4] * 50, (pump * 100_000)[:100_000], (pump * 100_000)[:100_000], None)
    assert time.process_time() - started < 3
