"""Ready citations: Dutch after the Leidraad voor juridische auteurs (2019), English after OSCOLA (4th edition).

A citation only says what the document's own data say. What was not checked is not left out and not marked in the citation:
`weakest_verification` tells it beside the citation.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from kb.domain.courts import Court, Courts
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind
from kb.domain.identifiers import Ecli
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InvalidIdentifier

_MONTHS = {
    "nl": ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"],
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
}
_UNDATED = {"nl": "datum onbekend", "en": "date unknown"}
_WEAKEST_LAST = ("verified", "verified-indirect", "secondary", "unverified")
# a place that the court's own word for numbers (r.o., punt, Rn.) does not name: kind -> (Dutch one, several; English one, several)
_PLACE_WORDS: Mapping[PinpointKind, tuple[str, str, str, str]] = {
    PinpointKind.PAGE: ("p.", "p.", "p", "pp"),
    PinpointKind.ANSWER: ("antwoord", "antwoorden", "answer", "answers"),
    PinpointKind.QUESTION: ("vraag", "vragen", "question", "questions"),
    PinpointKind.HEADNOTE: ("Leitsatz", "Leitsätze", "headnote", "headnotes"),
    PinpointKind.FOOTNOTE: ("voetnoot", "voetnoten", "fn", "fnn"),
    PinpointKind.ARTICLE: ("art.", "art.", "art", "arts"),
    PinpointKind.RECITAL: ("overw.", "overw.", "recital", "recitals"),
    PinpointKind.OPERATIVE: ("dictum", "dictum", "operative part", "operative part"),
}
_KST = re.compile(r"kst-(?P<dossier>\d+)(?:-(?P<part>[IVXLC]+))?-(?P<number>\d+|[A-Z]+)")
_KAMERSTUK = re.compile(
    r"(?:Kamerstuk(?:ken)?|TK|EK)\s*(?P<chamber>I{1,2})?\s*(?P<session>\d{4}[/-]\d{2,4})?,?\s*"
    r"(?P<dossier>\d{2} ?\d{3}|\d{5})(?:\s*[( -](?P<part>[IVXLC]+)\)?)?,\s*(?:nr\.?\s*)?(?P<number>\d+|[A-Z]+)"
)
_PUBLISHED_SERIES = re.compile(r"(?:Handelingen|Aanhangsel|Stb\.|Stcrt\.|Trb\.)")
_NEUTRAL = re.compile(r"\[(\d{4})\]-([A-Z]+)-(\d+)")


def cite(document: Document, pinpoint: Pinpoint | None, courts: Courts) -> dict[str, str]:
    """`{"nl": …, "en": …}` for `document`, with `pinpoint` where it is a place: a digest's holding and blocks that only have a
    position add nothing. A partial date stays partial (`maart 2021`); an unknown one is said to be unknown."""
    court = courts.by_key.get(document.court_key or "") or courts.find(document.court, document.id)
    form = _form_of(document, court)
    place = pinpoint if pinpoint is not None and pinpoint.is_place else None
    return {language: form(_Parts(document, court, place, language)) for language in ("nl", "en")}


def weakest_verification(document: Document, pinpoint_status: str | None = None) -> str | None:
    """The weaker of what was checked of the document and of the pinpoint: `verified`, `verified-indirect`, `secondary`,
    `unverified`; None where the official text itself is held, so that nothing rests on somebody's note."""
    marks = [mark for mark in (document.verification, pinpoint_status) if mark is not None]
    return max(marks, key=_WEAKEST_LAST.index) if marks else None


def legal_year(day: dt.date) -> str:
    """The parliamentary year, `2022/23`, of a day: it begins on the third Tuesday of September (article 65 of the Dutch
    Constitution)."""
    first = dt.date(day.year, 9, 1)
    prinsjesdag = first + dt.timedelta(days=(1 - first.weekday()) % 7 + 14)
    start = day.year if day >= prinsjesdag else day.year - 1
    return f"{start}/{(start + 1) % 100:02d}"


class _Parts:
    """The parts of one citation in one language."""

    def __init__(self, document: Document, court: Court | None, place: Pinpoint | None, language: str) -> None:
        self.document, self.court, self.place, self.language = document, court, place, language
        self.dutch = language == "nl"

    def say(self, dutch: str, english: str) -> str:
        return dutch if self.dutch else english

    @property
    def date(self) -> str:
        return _written(self.document.date, self.language)

    @property
    def body(self) -> str:
        """The court's abbreviation at the date of the document, else its printed name."""
        court, date = self.court, self.document.date
        if court is None:
            return self.document.court
        if court.former_until and date and date.last_day.isoformat() <= court.former_until:
            return self.say(court.former_nl or court.cite_nl, court.former_en or court.cite_en)
        return self.say(court.cite_nl, court.cite_en) or self.document.court

    @property
    def ecli(self) -> str:
        """As the publisher prints it; empty where the document has none."""
        try:
            Ecli.parse(self.document.id)
        except InvalidIdentifier:
            return ""
        return self.document.extra.get("printed_id", self.document.id)

    @property
    def case_name(self) -> str:
        extra = self.document.extra
        return extra.get("case_name_nl", "") if self.dutch else extra.get("case_name", "")

    @property
    def title(self) -> str:
        """In its own language where the document is Dutch or English, else in that of the citation."""
        document = self.document
        dutch = document.title_nl or document.title
        if document.language == "nl":
            return dutch
        return document.title if document.language == "en" else self.say(dutch, document.title)

    @property
    def description(self) -> str:
        """Our own title, in the citation's language: for documents that bear no title of their own."""
        return self.say(self.document.title_nl or self.document.title, self.document.title)

    @property
    def pinpoint(self) -> str:
        return _place(self) if self.place else ""

    def joined(self, *parts: str) -> str:
        return ", ".join(part for part in parts if part)


def _form_of(document: Document, court: Court | None) -> Callable[[_Parts], str]:
    style = court.style if court else ""
    if document.id.startswith("file:"):
        return _file
    if document.kind is Kind.REGULATION:
        return _law
    if document.kind in (Kind.LETTER, Kind.DEBATE):
        return _paper
    if document.kind in (Kind.REPORT, Kind.GUIDE) or style == "report":
        return _report
    forms: Mapping[str, Callable[[_Parts], str]] = {
        "cjeu": _luxembourg,
        "ecthr": _strasbourg,
        "views": _views,
        "paper": _paper,
        "law": _law,
    }
    return forms.get(style, _ruling)


# forms -----------------------------------------------------------------------------------------------------------------------


def _ruling(parts: _Parts) -> str:
    """`ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864, r.o. 5.2`; without an ECLI the case number; foreign courts give both."""
    document = parts.document
    foreign = parts.court is not None and parts.court.style == "foreign"
    notes = []
    if document.subtype == "interim-measure" and document.id.startswith("ECLI:NL:RB"):
        notes.append(parts.say("vzr.", "interim relief judge"))
    if document.sitting:
        notes.append(parts.say(f"zittingsplaats {document.sitting}", f"sitting in {document.sitting}"))
    note = f" ({', '.join(notes)})" if notes else ""
    head = f"{parts.body}{note} {parts.date}".strip()
    number = ""
    if neutral := _NEUTRAL.fullmatch(document.id):
        number = f"[{neutral[1]}] {neutral[2]} {neutral[3]}"
    elif document.case_numbers and (foreign or not parts.ecli):
        word = "" if foreign else parts.say("nr. ", "no ")
        number = word + document.case_numbers[0]
    identity = parts.joined(number, parts.ecli)
    if not identity:
        return parts.joined(f"{head} ({parts.description})", parts.pinpoint)
    name = parts.case_name if foreign else ""
    return parts.joined(head, f"{identity} ({name})" if name else identity, parts.pinpoint)


def _luxembourg(parts: _Parts) -> str:
    """`HvJ EU 19 maart 2019, C-297/17, ECLI:EU:C:2019:219 (Ibrahim), punt 90`; `Case C-297/17 Ibrahim EU:C:2019:219, para 90`."""
    document = parts.document
    opinion = document.kind is Kind.OPINION
    advocate = re.match(r"Advocate General ([^(]+)", document.court)
    of_whom = f" {advocate[1].strip()}" if advocate else ""
    name = parts.case_name
    if parts.dutch:
        body = f"Concl. A-G{of_whom}" if opinion else parts.body
        number = document.case_numbers[0] if document.case_numbers else ""
        identity = parts.joined(number, parts.ecli) or parts.title
        return parts.joined(f"{body} {parts.date}", f"{identity} ({name})" if name else identity, parts.pinpoint)
    numbers = _listed(document.case_numbers, "and")
    case = f"{'Joined Cases' if len(document.case_numbers) > 1 else 'Case'} {numbers}" if numbers else document.title
    identity = " ".join(part for part in (case, _unstopped(name), parts.ecli.removeprefix("ECLI:")) if part)
    if not parts.ecli:  # nothing dates the case then
        identity += f" ({parts.body}, {parts.date})"
    return parts.joined(identity, f"Opinion of AG{of_whom}" if opinion else "", parts.pinpoint)


_STRASBOURG_MARKS = {"decision": ("dec.", "dec"), "communicated-case": ("gecommuniceerd", "communicated")}


def _strasbourg(parts: _Parts) -> str:
    """`EHRM 21 januari 2011, ECLI:CE:ECHR:… (M.S.S./België en Griekenland), par. 250`;
    `MSS v Belgium and Greece App no 30696/09 (ECtHR, 21 January 2011), para 250`."""
    document = parts.document
    number = document.case_numbers[0] if document.case_numbers else ""
    dutch_mark, english_mark = _STRASBOURG_MARKS.get(document.subtype or "", ("", ""))
    if parts.dutch:
        head = f"{parts.body} {parts.date}{f' ({dutch_mark})' if dutch_mark else ''}"
        identity = parts.ecli or (f"nr. {number}" if number else parts.title)
        name = parts.case_name
        return parts.joined(head, f"{identity} ({name})" if name else identity, parts.pinpoint)
    name = parts.case_name or re.sub(r"^(?:CASE|AFFAIRE) OF |\s*\(dec\.\)$", "", document.title)
    mark = f" ({english_mark})" if english_mark else ""
    application = f" App no {number}" if number else f" {parts.ecli}"
    return parts.joined(f"{_unstopped(name)}{mark}{application} ({parts.body}, {parts.date})", parts.pinpoint)


def _views(parts: _Parts) -> str:
    """`VN-Mensenrechtencomité 28 oktober 2016, CCPR/C/118/D/2608/2015 (R.A.A. en Z.M./Denemarken)`."""
    document = parts.document
    symbol = document.id if re.match(r"[A-Z]+/", document.id) else ""
    number = document.case_numbers[0] if document.case_numbers else ""
    identity = symbol or (parts.say(f"nr. {number}", f"Communication no {number}") if number else "")
    name = parts.case_name or parts.title
    if parts.dutch:
        return parts.joined(f"{parts.body} {parts.date}", f"{identity} ({name})" if identity else name, parts.pinpoint)
    return parts.joined(f"{_unstopped(name)} ({parts.body}, {parts.date}) {identity}".strip(), parts.pinpoint)


def _paper(parts: _Parts) -> str:
    """`Kamerstukken II 2022/23, 30573, nr. 195, p. 4`; a letter without a number by its author, date and document number."""
    document = parts.document
    for printed in (document.id, *document.case_numbers):
        if _PUBLISHED_SERIES.match(printed):
            return parts.joined(printed, parts.pinpoint)
        if match := _KST.fullmatch(printed) or _KAMERSTUK.fullmatch(printed):
            return parts.joined(_kamerstuk(parts, match), parts.pinpoint)
    number = document.case_numbers[0] if document.case_numbers else parts.description
    return parts.joined(f"{parts.body} {parts.date}", number, parts.pinpoint)


def _kamerstuk(parts: _Parts, match: re.Match[str]) -> str:
    """A number belongs to the Tweede Kamer, a letter to the Eerste Kamer; the session follows from the date, when that is a day."""
    found, date = match.groupdict(), parts.document.date
    session = found.get("session") or (legal_year(date.first_day) if date and date.precision == "day" else "")
    if long := re.fullmatch(r"(\d{4})[/-]\d{0,2}(\d{2})", session):
        session = f"{long[1]}/{long[2]}"
    chamber = found.get("chamber") or ("II" if found["number"].isdigit() else "I")
    dossier = " ".join(part for part in (found["dossier"].replace(" ", ""), found["part"]) if part)
    paper = parts.say(f"nr. {found['number']}", f"no {found['number']}")
    return parts.joined(f"Kamerstukken {chamber} {session}".strip(), dossier, paper)


def _report(parts: _Parts) -> str:
    """`RSA/PRO ASYL, Recognised Refugees in Greece - 2024, 3 april 2024, p. 4`."""
    title = parts.title
    if parts.document.kind is Kind.GUIDE:
        title = parts.say(parts.document.title_nl or parts.document.title, parts.document.title)
    if parts.document.subtype == "press-release":
        title += parts.say(" (persbericht)", " (press release)")
    return parts.joined(parts.body, title, parts.date, parts.pinpoint)


def _law(parts: _Parts) -> str:
    """`art. 17 lid 1 Verordening (EU) nr. 604/2013`; `Regulation (EU) 604/2013 [2013] OJ L180/31, art 17(1)`."""
    document, place = parts.document, parts.place
    extra = document.extra
    short = (extra.get("short_title_nl") if parts.dutch else extra.get("short_title")) or parts.title
    # `30a lid 1 onder a Vw`: the place itself names its act
    if place and place.kind is PinpointKind.ARTICLE and re.search(r"\s[A-Z][a-z]{1,3}(?:\s\d{4})?$", place.value):
        return parts.pinpoint
    if parts.dutch:
        return f"{parts.pinpoint} {short}".strip()
    journal = extra.get("official_journal", "")
    return parts.joined(f"{short} {journal}".strip(), parts.pinpoint)


def _file(parts: _Parts) -> str:
    """A document without official identifier: author, title, date and the file it came in."""
    document = parts.document
    name = document.extra.get("file_name") or document.id.removeprefix("file:")
    body = document.court if document.court and document.court != document.title else ""
    return parts.joined(body, parts.title, f"{parts.date} ({parts.say('bestand', 'file')} {name})", parts.pinpoint)


# places ----------------------------------------------------------------------------------------------------------------------


def _place(parts: _Parts) -> str:
    place, court = parts.place, parts.court
    assert place is not None
    value = place.value
    match place.kind:
        case PinpointKind.SECTION:
            if re.match(r"\d", value):
                return f"{parts.say('par.', 'section')} {value}"
            return f"{parts.say('onder', 'under')} '{value}'"
        case PinpointKind.PAGE_SECTION:
            return f"{parts.say('p.', 'p')} {value.partition('.')[0]}"
        case PinpointKind.ARTICLE:
            article = _dutch_article(value) if parts.dutch else _english_article(value)
            return f"{parts.say('art.', 'art')} {article}"
        case kind if kind in _PLACE_WORDS:
            one_nl, several_nl, one_en, several_en = _PLACE_WORDS[kind]
            word = parts.say(several_nl, several_en) if _several(value) else parts.say(one_nl, one_en)
            return f"{word} {_numbers(value, parts)}".strip()
        case PinpointKind.CONSIDERATION:
            return f"{parts.say('r.o.', _english_word('para', value))} {_numbers(value, parts)}"
        case PinpointKind.RANDNUMMER:
            return f"{parts.say('Rn.', _english_word('para', value))} {_numbers(value, parts)}"
        case _:
            dutch = court.pin_nl if court else "par."
            if court and court.pins_nl and _several(value):
                dutch = court.pins_nl
            english = _english_word(court.pin_en if court else "para", value)
            return f"{parts.say(dutch, english)} {_numbers(value, parts)}"


def _several(value: str) -> bool:
    return bool(re.search(r"\d\s*(?:-|–|,|;|t/m|en|and|und|et)\s*\d", value))


def _english_word(word: str, value: str) -> str:
    return f"{word}s" if word in ("para", "point") and _several(value) else word


def _numbers(value: str, parts: _Parts) -> str:
    """`8 t/m 9.3`, `85 and 90-93`, `57 ff.` in the words of the citation's language. Considerations of Dutch courts take `t/m`."""
    dutch_court = parts.place is not None and parts.place.kind is PinpointKind.CONSIDERATION
    value = re.sub(r"\s*(?:–|t/m)\s*", "-", value)
    if parts.dutch:
        value = re.sub(r"(?<=\d)-(?=\d)", " t/m ", value) if dutch_court else value
        for english, dutch in (("and", "en"), ("und", "en"), ("operative part", "dictum"), (r"ff\.?", "e.v."), (r"et seq\.?", "e.v.")):
            value = re.sub(rf"\b{english}(?!\w)", dutch, value)
        return value
    for dutch, english in (("en", "and"), ("und", "and"), ("dictum", "operative part"), (r"e\.v\.", "ff"), (r"ff\.", "ff")):
        value = re.sub(rf"\b{dutch}(?!\w)", english, value)
    return value


def _dutch_article(value: str) -> str:
    value = re.sub(r"\((\d+)\)-\((\d+)\)", r" lid \1-\2", value)
    return re.sub(r"\(([a-z]{1,3})\)", r" onder \1", re.sub(r"\((\d+)\)", r" lid \1", value))


def _english_article(value: str) -> str:
    value = re.sub(r"\s(?:lid|leden)\s(\d+)", r"(\1)", value)
    return re.sub(r"\s(?:aanhef en )?onder\s([a-z])\b", r"(\1)", value)


# words -----------------------------------------------------------------------------------------------------------------------


def _written(date: LegalDate | None, language: str) -> str:
    if date is None:
        return _UNDATED[language]
    day = date.first_day
    month = _MONTHS[language][day.month - 1]
    return {"day": f"{day.day} {month} {day.year}", "month": f"{month} {day.year}", "year": str(day.year)}[date.precision]


def _listed(items: Sequence[str] | Iterable[str], word: str) -> str:
    *first, last = list(items) or [""]
    return f"{', '.join(first)} {word} {last}" if first else last


def _unstopped(name: str) -> str:
    """OSCOLA prints initials and `v` without full stops, and no article: `MSS v Belgium and Greece`, `KRS v United Kingdom`."""
    name = re.sub(r"\b([A-Z])\.(?=[A-Z]\b|\s|$|,|\))", r"\1", name)
    return re.sub(r"\bet al\.", "et al", re.sub(r"\bv\.? (?:the )?", "v ", name))
