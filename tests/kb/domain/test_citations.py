"""Citations by example: the forms of the Leidraad and of OSCOLA, each row with its court and case."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest

from kb.domain.citations import cite, legal_year, weakest_verification
from kb.domain.courts import Courts
from kb.domain.dates import parse_optional
from kb.domain.documents import Document, Kind
from kb.domain.pinpoints import HOLDING, Pinpoint, PinpointKind

COURTS = Courts.load(Path(__file__).parents[3] / "corpus/courts/courts.toml")


def document(
    identifier: str,
    court: str,
    date: str | None,
    kind: Kind = Kind.JUDGMENT,
    *,
    numbers: tuple[str, ...] = (),
    title: str = "A title",
    title_nl: str | None = None,
    language: str = "nl",
    sitting: str | None = None,
    subtype: str | None = None,
    court_key: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> Document:
    return Document(
        id=identifier,
        kind=kind,
        court=court,
        title=title,
        language=language,
        date=parse_optional(date),
        title_nl=title_nl,
        court_key=court_key,
        case_numbers=numbers,
        sitting=sitting,
        subtype=subtype,
        extra=extra or {},
    )


def names(english: str, dutch: str | None = None) -> dict[str, str]:
    return {"case_name": english, "case_name_nl": dutch or english}


AFDELING = "Afdeling bestuursrechtspraak van de Raad van State"
RECHTBANK = "Rechtbank Den Haag"
CJEU = "Court of Justice of the European Union"
ECTHR = "European Court of Human Rights"
STATE_SECRETARY = "Staatssecretaris van Justitie en Veiligheid"

IBRAHIM = document(
    "ECLI:EU:C:2019:219",
    CJEU,
    "2019-03-19",
    numbers=("C-297/17", "C-318/17", "C-319/17", "C-438/17"),
    extra=names("Ibrahim and Others", "Ibrahim"),
)
JAWO = document("ECLI:EU:C:2019:218", CJEU, "2019-03-19", numbers=("C-163/17",), extra=names("Jawo"))
MSS = document(
    "ECLI:CE:ECHR:2011:0121JUD003069609",
    "European Court of Human Rights (Grand Chamber)",
    "2011-01-21",
    numbers=("30696/09",),
    extra=names("M.S.S. v. Belgium and Greece", "M.S.S./België en Griekenland"),
)
DUBLIN_III = document(
    "Regulation (EU) No 604/2013",
    "European Parliament and Council",
    "2013-06-26",
    Kind.REGULATION,
    extra={
        "short_title": "Regulation (EU) 604/2013",
        "short_title_nl": "Verordening (EU) nr. 604/2013",
        "official_journal": "[2013] OJ L180/31",
    },
)
LETTER = document("kst-30573-195", STATE_SECRETARY, "2022-11-07", Kind.LETTER, numbers=("Kamerstuk 30573, nr. 195", "2022D45650"))

# what, document, printed reference, Dutch citation, English citation
FORMS: list[tuple[str, Document, str | None, str, str]] = [
    (
        "Afdeling, Danish Dublin case of 6 July 2022",
        document("ECLI:NL:RVS:2022:1864", AFDELING, "2022-07-06", numbers=("202106573/1/V3",)),
        "r.o. 5.2",
        "ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864, r.o. 5.2",
        "Council of State (Afdeling bestuursrechtspraak) 6 July 2022, ECLI:NL:RVS:2022:1864, para 5.2",
    ),
    (
        "Afdeling, a range as the Afdeling prints it",
        document("ECLI:NL:RVS:2022:1864", AFDELING, "2022-07-06"),
        "onder 8 t/m 9.3",
        "ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864, r.o. 8 t/m 9.3",
        "Council of State (Afdeling bestuursrechtspraak) 6 July 2022, ECLI:NL:RVS:2022:1864, paras 8-9.3",
    ),
    (
        "Afdeling, Bulgaria, a range with a hyphen",
        document("ECLI:NL:RVS:2023:3133", AFDELING, "2023-08-16"),
        "onder 4.4-4.13",
        "ABRvS 16 augustus 2023, ECLI:NL:RVS:2023:3133, r.o. 4.4 t/m 4.13",
        "Council of State (Afdeling bestuursrechtspraak) 16 August 2023, ECLI:NL:RVS:2023:3133, paras 4.4-4.13",
    ),
    (
        "Afdeling, Italy, two places",
        document("ECLI:NL:RVS:2023:1655", AFDELING, "2023-04-26"),
        "onder 3.3.2 en 3.3.3",
        "ABRvS 26 april 2023, ECLI:NL:RVS:2023:1655, r.o. 3.3.2 en 3.3.3",
        "Council of State (Afdeling bestuursrechtspraak) 26 April 2023, ECLI:NL:RVS:2023:1655, paras 3.3.2 and 3.3.3",
    ),
    (
        "Afdeling, Ahmadi from Pakistan (Austria), ECLI not seen",
        document("RVS:202304791/1/V2", AFDELING, "2024-06-12", numbers=("202304791/1/V2",)),
        "r.o. 1",
        "ABRvS 12 juni 2024, nr. 202304791/1/V2, r.o. 1",
        "Council of State (Afdeling bestuursrechtspraak) 12 June 2024, no 202304791/1/V2, para 1",
    ),
    (
        "Afdeling, older line of 9 December 2009, number not seen",
        document("RVS:2009-12-09", AFDELING, "2009-12-09", title="Older line", title_nl="Oudere lijn"),
        None,
        "ABRvS 9 december 2009 (Oudere lijn)",
        "Council of State (Afdeling bestuursrechtspraak) 9 December 2009 (Older line)",
    ),
    (
        "District court with its sitting, asylum (1F)",
        document("ECLI:NL:RBDHA:2014:8504", RECHTBANK, "2014-07-10", sitting="Utrecht", numbers=("AWB 14/12595",)),
        "r.o. 12",
        "Rb. Den Haag (zittingsplaats Utrecht) 10 juli 2014, ECLI:NL:RBDHA:2014:8504, r.o. 12",
        "District Court of The Hague (sitting in Utrecht) 10 July 2014, ECLI:NL:RBDHA:2014:8504, para 12",
    ),
    (
        "District court, interim measure for two Syrian women (Denmark)",
        document("ECLI:NL:RBDHA:2021:10001", RECHTBANK, "2021-09-14", subtype="interim-measure"),
        "r.o. 22",
        "Rb. Den Haag (vzr.) 14 september 2021, ECLI:NL:RBDHA:2021:10001, r.o. 22",
        "District Court of The Hague (interim relief judge) 14 September 2021, ECLI:NL:RBDHA:2021:10001, para 22",
    ),
    (
        "District court, only the year is known",
        document("ECLI:NL:RBDHA:2021:10668", RECHTBANK, "2021"),
        "r.o. 4.2",
        "Rb. Den Haag 2021, ECLI:NL:RBDHA:2021:10668, r.o. 4.2",
        "District Court of The Hague 2021, ECLI:NL:RBDHA:2021:10668, para 4.2",
    ),
    (
        "District court, only the month is known",
        document("ECLI:NL:RBDHA:2022:10745", RECHTBANK, "2022-10"),
        None,
        "Rb. Den Haag oktober 2022, ECLI:NL:RBDHA:2022:10745",
        "District Court of The Hague October 2022, ECLI:NL:RBDHA:2022:10745",
    ),
    (
        "District court, date not seen",
        document("ECLI:NL:RBDHA:2024:12476", RECHTBANK, None),
        "r.o. 4.1",
        "Rb. Den Haag datum onbekend, ECLI:NL:RBDHA:2024:12476, r.o. 4.1",
        "District Court of The Hague date unknown, ECLI:NL:RBDHA:2024:12476, para 4.1",
    ),
    (
        "Supreme Court, by its ECLI alone",
        document("ECLI:NL:HR:2016:162", "Hoge Raad", "2016-01-29"),
        "r.o. 3.8",
        "HR 29 januari 2016, ECLI:NL:HR:2016:162, r.o. 3.8",
        "Supreme Court of the Netherlands 29 January 2016, ECLI:NL:HR:2016:162, para 3.8",
    ),
    (
        "Central Appeals Tribunal, reception",
        document("ECLI:NL:CRVB:2016:1483", "Centrale Raad van Beroep", "2016-04-20"),
        None,
        "CRvB 20 april 2016, ECLI:NL:CRVB:2016:1483",
        "Central Appeals Tribunal 20 April 2016, ECLI:NL:CRVB:2016:1483",
    ),
    (
        "CJEU, Ibrahim",
        IBRAHIM,
        "para 90",
        "HvJ EU 19 maart 2019, C-297/17, ECLI:EU:C:2019:219 (Ibrahim), punt 90",
        "Joined Cases C-297/17, C-318/17, C-319/17 and C-438/17 Ibrahim and Others EU:C:2019:219, para 90",
    ),
    (
        "CJEU, Ibrahim, a range",
        IBRAHIM,
        "paras 89-91",
        "HvJ EU 19 maart 2019, C-297/17, ECLI:EU:C:2019:219 (Ibrahim), punten 89-91",
        "Joined Cases C-297/17, C-318/17, C-319/17 and C-438/17 Ibrahim and Others EU:C:2019:219, paras 89-91",
    ),
    (
        "CJEU, Jawo, one case, a list",
        JAWO,
        "paras 85 and 90-93",
        "HvJ EU 19 maart 2019, C-163/17, ECLI:EU:C:2019:218 (Jawo), punten 85 en 90-93",
        "Case C-163/17 Jawo EU:C:2019:218, paras 85 and 90-93",
    ),
    (
        "CJEU, C.K., urgent procedure, initials",
        document("ECLI:EU:C:2017:127", CJEU, "2017-02-16", numbers=("C-578/16 PPU",), extra=names("C.K. and Others", "C.K. e.a.")),
        "para 74",
        "HvJ EU 16 februari 2017, C-578/16 PPU, ECLI:EU:C:2017:127 (C.K. e.a.), punt 74",
        "Case C-578/16 PPU CK and Others EU:C:2017:127, para 74",
    ),
    (
        "CJEU, X (Poland), and following",
        document("ECLI:EU:C:2024:195", CJEU, "2024-02-29", numbers=("C-392/22",)),
        "paras 57 ff.",
        "HvJ EU 29 februari 2024, C-392/22, ECLI:EU:C:2024:195, punt 57 e.v.",
        "Case C-392/22 EU:C:2024:195, para 57 ff",
    ),
    (
        "CJEU, Hasan, operative part",
        document("ECLI:EU:C:2018:35", CJEU, "2018-01-25", numbers=("C-360/16",), extra=names("Hasan")),
        "operative part 1",
        "HvJ EU 25 januari 2018, C-360/16, ECLI:EU:C:2018:35 (Hasan), dictum 1",
        "Case C-360/16 Hasan EU:C:2018:35, operative part 1",
    ),
    (
        "CJEU before the Treaty of Lisbon, Elgafaji",
        document("ECLI:EU:C:2009:94", "Court of Justice", "2009-02-17", numbers=("C-465/07",), extra=names("Elgafaji")),
        "para 43",
        "HvJ EG 17 februari 2009, C-465/07, ECLI:EU:C:2009:94 (Elgafaji), punt 43",
        "Case C-465/07 Elgafaji EU:C:2009:94, para 43",
    ),
    (
        "CJEU on the first day of the Treaty of Lisbon",
        document("ECLI:EU:C:2009:900", "Court of Justice", "2009-12-01", numbers=("C-1/08",)),
        None,
        "HvJ EU 1 december 2009, C-1/08, ECLI:EU:C:2009:900",
        "Case C-1/08 EU:C:2009:900",
    ),
    (
        "CJEU, Daraa, ECLI not seen",
        document("C-458/24", CJEU, "2026-03-05", numbers=("C-458/24",), extra=names("Daraa")),
        None,
        "HvJ EU 5 maart 2026, C-458/24 (Daraa)",
        "Case C-458/24 Daraa (CJEU, 5 March 2026)",
    ),
    (
        "Advocate General, opinion in QY",
        document(
            "ECLI:EU:C:2024:82", "Advocate General Medina (CJEU)", "2024-01-25", Kind.OPINION, numbers=("C-753/22",), extra=names("QY")
        ),
        "point 2",
        "Concl. A-G Medina 25 januari 2024, C-753/22, ECLI:EU:C:2024:82 (QY), punt 2",
        "Case C-753/22 QY EU:C:2024:82, Opinion of AG Medina, point 2",
    ),
    (
        "General Court",
        document("ECLI:EU:T:2020:1", "General Court", "2020-01-15", numbers=("T-1/19",)),
        "para 3",
        "Gerecht EU 15 januari 2020, T-1/19, ECLI:EU:T:2020:1, punt 3",
        "Case T-1/19 EU:T:2020:1, para 3",
    ),
    (
        "ECtHR, M.S.S.",
        MSS,
        "§ 250",
        "EHRM 21 januari 2011, ECLI:CE:ECHR:2011:0121JUD003069609 (M.S.S./België en Griekenland), par. 250",
        "MSS v Belgium and Greece App no 30696/09 (ECtHR, 21 January 2011), para 250",
    ),
    (
        "ECtHR, K.R.S., a decision, ECLI not seen",
        document(
            "ECHR-32733/08",
            ECTHR,
            "2008-12-02",
            numbers=("32733/08",),
            subtype="decision",
            extra=names("K.R.S. v. the United Kingdom", "K.R.S./Verenigd Koninkrijk"),
        ),
        None,
        "EHRM 2 december 2008 (dec.), nr. 32733/08 (K.R.S./Verenigd Koninkrijk)",
        "KRS v United Kingdom (dec) App no 32733/08 (ECtHR, 2 December 2008)",
    ),
    (
        "ECtHR, Darwesh, communicated only",
        document(
            "ECHR-52334/19",
            "European Court of Human Rights (Fourth Section)",
            "2020-01-29",
            Kind.OTHER,
            numbers=("52334/19",),
            subtype="communicated-case",
            extra=names("Darwesh and Others v. Greece and the Netherlands", "Darwesh e.a./Griekenland en Nederland"),
        ),
        None,
        "EHRM 29 januari 2020 (gecommuniceerd), nr. 52334/19 (Darwesh e.a./Griekenland en Nederland)",
        "Darwesh and Others v Greece and the Netherlands (communicated) App no 52334/19 (ECtHR, 29 January 2020)",
    ),
    (
        "UN Human Rights Committee, R.A.A. and Z.M.",
        document(
            "CCPR/C/118/D/2608/2015",
            "UN Human Rights Committee",
            "2016-10-28",
            Kind.VIEWS,
            numbers=("2608/2015",),
            extra=names("R.A.A. and Z.M. v. Denmark", "R.A.A. en Z.M./Denemarken"),
        ),
        "para 7.3",
        "VN-Mensenrechtencomité 28 oktober 2016, CCPR/C/118/D/2608/2015 (R.A.A. en Z.M./Denemarken), par. 7.3",
        "RAA and ZM v Denmark (UN Human Rights Committee, 28 October 2016) CCPR/C/118/D/2608/2015, para 7.3",
    ),
    (
        "BVerwG, Greece, with the capitals of the publisher",
        document(
            "ECLI:DE:BVERWG:2025:160425U1C18.24.0",
            "Bundesverwaltungsgericht (1st Senate)",
            "2025-04-16",
            numbers=("1 C 18.24",),
            extra={"printed_id": "ECLI:DE:BVerwG:2025:160425U1C18.24.0"},
        ),
        "Rn. 40",
        "BVerwG (Duitsland) 16 april 2025, 1 C 18.24, ECLI:DE:BVerwG:2025:160425U1C18.24.0, Rn. 40",
        "BVerwG (Germany) 16 April 2025, 1 C 18.24, ECLI:DE:BVerwG:2025:160425U1C18.24.0, para 40",
    ),
    (
        "BVerwG, Bulgaria, headnote",
        document("BVerwG-1C34.19", "Bundesverwaltungsgericht (1st Senate)", "2020-05-20", numbers=("1 C 34.19",)),
        "Leitsatz 3",
        "BVerwG (Duitsland) 20 mei 2020, 1 C 34.19, Leitsatz 3",
        "BVerwG (Germany) 20 May 2020, 1 C 34.19, headnote 3",
    ),
    (
        "Irish High Court, neutral citation",
        document(
            "[2024]-IEHC-699",
            "High Court of Ireland (Phelan J)",
            "2024-12-06",
            numbers=("2024 23 JR",),
            extra=names(
                "A.A.H. and M.H.A. v International Protection Appeals Tribunal",
                "A.A.H. and M.H.A./International Protection Appeals Tribunal",
            ),
        ),
        None,
        "High Court (Ierland) 6 december 2024, [2024] IEHC 699 (A.A.H. and M.H.A./International Protection Appeals Tribunal)",
        "Irish High Court 6 December 2024, [2024] IEHC 699 (A.A.H. and M.H.A. v International Protection Appeals Tribunal)",
    ),
    (
        "Danish board, no number printed",
        document(
            "DK-FLN-2018-04-17",
            "Flygtningenævnet (Refugee Appeals Board, Denmark)",
            "2018-04-17",
            title="Eritrean single mother",
            title_nl="Eritrese alleenstaande moeder",
        ),
        None,
        "Flygtningenævnet (Denemarken) 17 april 2018 (Eritrese alleenstaande moeder)",
        "Refugee Appeals Board (Denmark) 17 April 2018 (Eritrean single mother)",
    ),
    (
        "Parliamentary paper: session from the date, page",
        LETTER,
        "p. 4",
        "Kamerstukken II 2022/23, 30573, nr. 195, p. 4",
        "Kamerstukken II 2022/23, 30573, no 195, p 4",
    ),
    (
        "Parliamentary paper: a heading",
        LETTER,
        "section 'Deense Dublinzaken'",
        "Kamerstukken II 2022/23, 30573, nr. 195, onder 'Deense Dublinzaken'",
        "Kamerstukken II 2022/23, 30573, no 195, under 'Deense Dublinzaken'",
    ),
    (
        "Parliamentary paper that prints its session",
        document("Kamerstukken II 2021/22, 19637, 2785", STATE_SECRETARY, "2021-11-23", Kind.LETTER),
        None,
        "Kamerstukken II 2021/22, 19637, nr. 2785",
        "Kamerstukken II 2021/22, 19637, no 2785",
    ),
    (
        "Parliamentary paper with a budget chapter",
        document("kst-35300-VI-63", "Tweede Kamer", "2019-11-21", Kind.LETTER),
        None,
        "Kamerstukken II 2019/20, 35300 VI, nr. 63",
        "Kamerstukken II 2019/20, 35300 VI, no 63",
    ),
    (
        "Parliamentary paper of the Eerste Kamer: a letter, undated",
        document("kst-36349-C", "Eerste Kamer", None, Kind.LETTER),
        None,
        "Kamerstukken I, 36349, nr. C",
        "Kamerstukken I, 36349, no C",
    ),
    (
        "Proceedings as printed",
        document("Handelingen II 2022/23, nr. 84, item 12", "Tweede Kamer", "2023-06-01", Kind.DEBATE),
        "p. 3",
        "Handelingen II 2022/23, nr. 84, item 12, p. 3",
        "Handelingen II 2022/23, nr. 84, item 12, p 3",
    ),
    (
        "Answers to questions in parliament, TK 2021D21905",
        document("TK 2021D21905", "State Secretary for Justice and Security (NL)", "2021-06-04", Kind.LETTER, numbers=("2021D21905",)),
        "answers 2-4",
        "Staatssecretaris van Justitie en Veiligheid 4 juni 2021, 2021D21905, antwoorden 2-4",
        "State Secretary for Justice and Security (Netherlands) 4 June 2021, 2021D21905, answers 2-4",
    ),
    (
        "Letter without a number",
        document("NL-policy", "Minister of Asylum and Migration (NL)", "2025-06", Kind.LETTER, title="Stricter", title_nl="Strenger"),
        None,
        "Minister van Asiel en Migratie juni 2025, Strenger",
        "Minister of Asylum and Migration (Netherlands) June 2025, Stricter",
    ),
    (
        "Report of an organisation keeps its own title",
        document("RSA-2024", "RSA / PRO ASYL", "2024-04-03", Kind.REPORT, title="Recognised Refugees", title_nl="Erkende", language="en"),
        "p. 12",
        "RSA/PRO ASYL, Recognised Refugees, 3 april 2024, p. 12",
        "RSA and PRO ASYL, Recognised Refugees, 3 April 2024, p 12",
    ),
    (
        "Press release of the Raad van State",
        document(
            "RVS-press",
            f"{AFDELING} (press release)",
            "2022-07-06",
            Kind.REPORT,
            title="Better reasons",
            title_nl="Beter motiveren",
            subtype="press-release",
            court_key="nl-rvs",
        ),
        None,
        "ABRvS, Beter motiveren (persbericht), 6 juli 2022",
        "Council of State (Afdeling bestuursrechtspraak), Beter motiveren (press release), 6 July 2022",
    ),
    (
        "Regulation, discretionary clause",
        DUBLIN_III,
        "article 17(1)",
        "art. 17 lid 1 Verordening (EU) nr. 604/2013",
        "Regulation (EU) 604/2013 [2013] OJ L180/31, art 17(1)",
    ),
    (
        "Regulation, two paragraphs",
        DUBLIN_III,
        "article 29(1)-(2)",
        "art. 29 lid 1-2 Verordening (EU) nr. 604/2013",
        "Regulation (EU) 604/2013 [2013] OJ L180/31, art 29(1)-(2)",
    ),
    (
        "Directive, sub-paragraph",
        document(
            "DIR-2013/32/EU",
            "EU legislator",
            "2013-06-26",
            Kind.REGULATION,
            extra={"short_title": "Directive 2013/32/EU", "short_title_nl": "Richtlijn 2013/32/EU"},
        ),
        "art. 33(2)(a)",
        "art. 33 lid 2 onder a Richtlijn 2013/32/EU",
        "Directive 2013/32/EU, art 33(2)(a)",
    ),
    (
        "Regulation, recital",
        document(
            "REG-2024/1348",
            "EU legislator",
            "2024-05-14",
            Kind.REGULATION,
            extra={"short_title": "Regulation (EU) 2024/1348", "short_title_nl": "Verordening (EU) 2024/1348"},
        ),
        "recital 1",
        "overw. 1 Verordening (EU) 2024/1348",
        "Regulation (EU) 2024/1348, recital 1",
    ),
    (
        "Dutch act: the place names its act",
        document("NL-Vw2000-30a-1-a", "Dutch legislator", None, Kind.REGULATION, title="Aliens Act 2000"),
        "art. 30a lid 1 onder a Vw",
        "art. 30a lid 1 onder a Vw",
        "art 30a(1)(a) Vw",
    ),
    (
        "A file without identifier",
        document(
            "file:288767dafba574d2",
            "",
            "2022-11-07",
            Kind.LETTER,
            title="Diverse onderwerpen migratiebeleid",
            extra={"file_name": "brief.txt"},
        ),
        "p. 2",
        "Diverse onderwerpen migratiebeleid, 7 november 2022 (bestand brief.txt), p. 2",
        "Diverse onderwerpen migratiebeleid, 7 November 2022 (file brief.txt), p 2",
    ),
    (
        "A guide of ours, printed number",
        document(
            "guide-x", "dublin-kb", "2026-11", Kind.GUIDE, title="The threshold", title_nl="De drempel", language="en", court_key="kb"
        ),
        "section 2.5",
        "dublin-kb, De drempel, november 2026, par. 2.5",
        "dublin-kb, The threshold, November 2026, section 2.5",
    ),
    (
        "A court that nobody described",
        document("X-1", "Cour d'appel de Nulle Part", "2020-05-04", numbers=("1/20",)),
        "§ 3",
        "Cour d'appel de Nulle Part 4 mei 2020, nr. 1/20, par. 3",
        "Cour d'appel de Nulle Part 4 May 2020, no 1/20, para 3",
    ),
]


@pytest.mark.parametrize(("cited", "ref", "dutch", "english"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_each_document_is_cited_in_the_form_of_its_kind(cited: Document, ref: str | None, dutch: str, english: str) -> None:
    place = Pinpoint.parse(ref) if ref else None
    assert (place is None) == (ref is None)
    assert cite(cited, place, COURTS) == {"nl": dutch, "en": english}


@pytest.mark.parametrize("place", [HOLDING, Pinpoint(PinpointKind.HOLDING, "2", "outcome"), Pinpoint(PinpointKind.POSITION, "7", "")])
def test_what_is_no_place_adds_nothing(place: Pinpoint) -> None:
    assert cite(IBRAHIM, place, COURTS) == cite(IBRAHIM, None, COURTS)


def test_a_page_section_is_cited_by_its_page() -> None:
    assert cite(LETTER, Pinpoint(PinpointKind.PAGE_SECTION, "4.2", "p. 4, section 2"), COURTS)["nl"].endswith(", p. 4")


@pytest.mark.parametrize(
    ("identity", "pinpoint", "weakest"),
    [
        ("verified", "verified", "verified"),
        ("verified", "verified-indirect", "verified-indirect"),
        ("verified", "secondary", "secondary"),
        ("unverified", "verified", "unverified"),
        ("verified", None, "verified"),
        (None, None, None),
    ],
)
def test_the_weaker_mark_is_shown_beside_the_citation(identity: str | None, pinpoint: str | None, weakest: str | None) -> None:
    cited = Document(id="X", kind=Kind.JUDGMENT, court="", title="", language="nl", verification=identity)
    assert weakest_verification(cited, pinpoint) == weakest


@pytest.mark.parametrize(
    ("day", "session"),
    [
        (dt.date(2022, 9, 19), "2021/22"),  # Monday before the third Tuesday
        (dt.date(2022, 9, 20), "2022/23"),  # Prinsjesdag 2022
        (dt.date(2021, 9, 30), "2021/22"),
        (dt.date(1999, 12, 1), "1999/00"),
        (dt.date(2024, 9, 17), "2024/25"),  # Prinsjesdag 2024
    ],
)
def test_the_parliamentary_year_begins_on_the_third_tuesday_of_september(day: dt.date, session: str) -> None:
    assert legal_year(day) == session
