"""Answers in the publishers' shapes, about cases that never were. Written by us from the descriptions of their formats."""

import html
import json
from collections.abc import Sequence

from tests.ingest.parse.tiny_pdf import paragraph, write_pdf

_RDF = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:psi="http://psi.rechtspraak.nl/" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"'
)


def ruling(
    ecli: str,
    grounds: Sequence[str],
    *,
    modified: str = "2026-11-20T10:00:00",
    date: str = "2022-07-06",
    docket: str = "NL22.1234",
    replaced_by: str | None = None,
) -> bytes:
    """Rechtspraak XML; without grounds the register's entry alone."""
    replaced = f"<dcterms:isReplacedBy>{replaced_by}</dcterms:isReplacedBy>" if replaced_by else ""
    body = ""
    if grounds:
        numbered = "".join(f"<paragroup><nr>{n}.</nr><para>{html.escape(text)}</para></paragroup>" for n, text in enumerate(grounds, 1))
        body = (
            f'<uitspraak xmlns="http://www.rechtspraak.nl/schema/rechtspraak-1.0" id="{ecli}:DOC" lang="nl" xml:space="preserve">'
            "<uitspraak.info><bridgehead>RECHTBANK DEN HAAG</bridgehead><para>Zittingsplaats Utopia</para></uitspraak.info>"
            f'<section role="overwegingen"><title>Overwegingen</title>{numbered}</section>'
            '<section role="beslissing"><title>Beslissing</title><para>De rechtbank verklaart het beroep gegrond.</para></section>'
            "</uitspraak>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<open-rechtspraak>'
        f"<rdf:RDF {_RDF}><rdf:Description><dcterms:identifier>{ecli}</dcterms:identifier><dcterms:format>text/xml</dcterms:format>"
        f"<dcterms:modified>{modified}</dcterms:modified>{replaced}<dcterms:language>nl</dcterms:language>"
        '<dcterms:creator rdfs:label="Instantie">Rechtbank Den Haag</dcterms:creator>'
        f'<dcterms:date rdfs:label="Uitspraakdatum">{date}</dcterms:date>'
        f'<psi:zaaknummer rdfs:label="Zaaknr">{docket}</psi:zaaknummer></rdf:Description></rdf:RDF>{body}</open-rechtspraak>'
    ).encode()


def feed(entries: Sequence[tuple[str, str, str, str | None]], *, total: int | None = None) -> bytes:
    """The Atom feed; an entry is (ECLI, rest of its title, moment of change, what was deleted)."""
    count = len(entries) if total is None else total
    made = "".join(
        f"<entry{f' deleted={chr(34)}{deleted}{chr(34)}' if deleted else ''}><id>{ecli}</id>"
        f'<title type="text">{ecli}, {html.escape(title)}</title><summary type="text">-</summary><updated>{updated}</updated></entry>'
        for ecli, title, updated, deleted in entries
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Resultaten</title>'
        f"<subtitle>Aantal gevonden ECLI's: {count}</subtitle><updated>2026-11-25T08:00:00Z</updated>{made}</feed>"
    ).encode()


def arrest(case: str, ecli: str | None, paragraphs: Sequence[str], *, language: str = "en", date: str = "19 March 2019") -> bytes:
    """CELLAR XHTML of a judgment, in its newer classes."""
    words = {
        "en": ("JUDGMENT OF THE COURT (Grand Chamber)", "In Case", "Consideration of the questions referred", "hereby rules:", "English"),
        "nl": (
            "ARREST VAN HET HOF (Grote kamer)",
            "In zaak",
            "Beantwoording van de prejudiciële vragen",
            "verklaart voor recht:",
            "Nederlands",
        ),
    }[language]
    rows = "".join(
        f'<table><tr><td><p class="coj-count" id="point{n}">{n}</p></td><td><p class="coj-normal">{html.escape(text)}</p></td></tr></table>'
        for n, text in enumerate(paragraphs, 1)
    )
    own = f'<p class="coj-sum-title-1">{ecli}</p>' if ecli else ""
    printed = case.replace("-", "\u2011")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="{language}" xml:lang="{language}">'
        f'<head><title>text</title></head><body><p class="coj-sum-title-1"><a id="judgment"></a>{words[0]}</p>'
        f'<p class="coj-sum-title-1">{date}</p>{own}<p class="coj-normal">{words[1]} {printed},</p>'
        f'<p class="coj-title-grseq-2">{words[2]}</p>{rows}<p class="coj-normal">The Court {words[3]}</p></body></html>'
    ).encode()


def strasbourg(application: str, paragraphs: Sequence[str], *, day: str = "21 January 2011") -> bytes:
    """The HTML that HUDOC makes of a Word file."""
    numbered = "".join(f'<p class="s1"><span>{n}.&#160;&#160;{html.escape(text)}</span></p>' for n, text in enumerate(paragraphs, 1))
    return (
        '<div><p class="s0"><span>GRAND CHAMBER</span></p><p class="s0"><span>CASE OF EXAMPLE v. RURITANIA</span></p>'
        f'<p class="s0"><span>(Application no. {application})</span></p><p class="s0"><span>JUDGMENT</span></p>'
        f'<p class="s0"><span>STRASBOURG</span></p><p class="s0"><span>{day}</span></p>'
        '<p class="s2"><span>The European Court of Human Rights, sitting as a Grand Chamber, delivers the following judgment:</span></p>'
        f'<p class="s2"><span>THE LAW</span></p>{numbered}</div>'
    ).encode()


def hudoc_items(items: Sequence[dict[str, str]], *, count: int | None = None) -> bytes:
    rows = [{"columns": item} for item in items]
    return json.dumps({"resultcount": len(items) if count is None else count, "results": rows}).encode()


def letter(identifier: str, paragraphs: Sequence[str], *, issued: str = "2022-11-07") -> bytes:
    """Kamerstuk XML."""
    _, dossier, number = identifier.split("-")
    own = "".join(f"<al>{html.escape(text)}</al>" for text in paragraphs)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<officiele-publicatie><metadata>'
        f'<meta name="DC.identifier" scheme="" content="{identifier}"/>'
        f'<meta name="DCTERMS.issued" scheme="" content="{issued}"/></metadata><kamerstuk><kamerstukkop>'
        '<tekstregel inhoud="kamer">Tweede Kamer der Staten-Generaal</tekstregel></kamerstukkop>'
        f"<dossier><dossiernummer><dossiernr>{dossier}</dossiernr></dossiernummer><titel>Migratiebeleid</titel></dossier>"
        f"<stuk><stuknr>Nr. <ondernummer>{number}</ondernummer></stuknr><titel>Brief van de staatssecretaris</titel><algemeen><vrije-tekst>"
        f"<tekst><tussenkop>Situatie in Utopia</tussenkop>{own}</tekst></vrije-tekst></algemeen></stuk></kamerstuk></officiele-publicatie>"
    ).encode()


def sparql(rows: Sequence[tuple[str, str, str]]) -> bytes:
    """(CELEX, ECLI, date) as SPARQL results."""
    bindings = [
        {name: {"type": "literal", "value": value} for name, value in zip(("celex", "ecli", "date"), row, strict=True)} for row in rows
    ]
    return json.dumps({"head": {"vars": ["celex", "ecli", "date"]}, "results": {"bindings": bindings}}).encode()


def sru(ids: Sequence[str], *, total: int | None = None) -> bytes:
    records = "".join(
        f"<sru:record><sru:recordData><gzd:gzd><gzd:originalData><meta><owmskern><dcterms:identifier>{identifier}</dcterms:identifier>"
        "</owmskern></meta></gzd:originalData></gzd:gzd></sru:recordData></sru:record>"
        for identifier in ids
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><sru:searchRetrieveResponse xmlns:sru="http://docs.oasis-open.org/ns/search-ws/sruResponse" '
        'xmlns:gzd="http://standaarden.overheid.nl/sru" xmlns:dcterms="http://purl.org/dc/terms/">'
        f"<sru:numberOfRecords>{len(ids) if total is None else total}</sru:numberOfRecords><sru:records>{records}</sru:records>"
        "</sru:searchRetrieveResponse>"
    ).encode()


PDF_LETTER = write_pdf(
    [
        paragraph(
            70,
            700,
            [
                "Den Haag, 20 november 2026",
                "Met deze brief informeer ik uw Kamer over de situatie van statushouders.",
                "De opvang is veranderd sinds de vorige brief over dit onderwerp.",
            ],
            leading=40,
        )
    ]
)
CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
