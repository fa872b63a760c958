"""What a legal knowledge base holds: documents, their expressions (texts), and passages, the smallest units a lawyer cites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kb.domain.dates import LegalDate
from kb.domain.pinpoints import Pinpoint


class Kind(StrEnum):
    JUDGMENT = "judgment"
    OPINION = "opinion"  # of an Advocate General or procureur-generaal: not a decision
    VIEWS = "views"  # of a UN treaty body
    LETTER = "letter"
    REPORT = "report"
    REGULATION = "regulation"  # any legislation
    DEBATE = "debate"  # parliamentary proceedings, questions and answers
    GUIDE = "guide"  # our own fact sheets
    OTHER = "other"


class TextStatus(StrEnum):
    VERBATIM = "verbatim"  # the publisher's own text
    DIGEST = "digest"  # our summary in our own words
    TRANSLATION = "translation"


class Voice(StrEnum):
    """Whose words a passage holds. Never guessed: when the structure does not tell, `unknown`."""

    COURT = "court"
    OPERATIVE = "operative"
    APPLICANT = "applicant"
    AUTHORITY = "authority"
    QUOTED_LAW = "quoted-law"
    QUOTED_RULING = "quoted-ruling"
    FACTS = "facts"
    MINISTER = "minister"
    REPORT = "report"
    NGO = "ngo"
    DIGEST = "digest"
    UNKNOWN = "unknown"


class Track(StrEnum):
    DUBLIN_TRANSFER = "dublin-transfer"  # the person asked for protection elsewhere
    STATUS_HOLDER = "status-holder"  # the person has protection elsewhere


@dataclass(frozen=True, slots=True)
class Document:
    """One judgment, letter, report or act, whatever the texts we hold of it (a work, in FRBR's word).

    `id` is the official identifier, else the catalogue's id, else `file:<sha256[:16]>`. Dates are as precise as the source gives
    them. `states` are the states whose protection is at issue (ISO 3166 alpha-2), `deciding_state` the one whose body spoke
    (`EU`, `CE`, `UN` for the European and UN bodies).
    """

    id: str
    kind: Kind
    court: str  # the body as printed: a court, a ministry, a publisher
    title: str
    language: str  # of the official text, BCP 47
    date: LegalDate | None = None
    published_on: LegalDate | None = None
    facts_from: LegalDate | None = None
    facts_until: LegalDate | None = None
    title_nl: str | None = None
    court_key: str | None = None  # key in corpus/courts
    case_numbers: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    deciding_state: str | None = None
    nationalities: tuple[str, ...] = ()
    track: Track | None = None
    topics: tuple[str, ...] = ()
    outcome: str | None = None
    outcome_nl: str | None = None
    official_url: str | None = None
    sitting: str | None = None  # zittingsplaats
    subtype: str | None = None  # `advocate-general-opinion`, `communicated-case`
    aliases: tuple[str, ...] = ()  # other ids and names by which it is asked for
    verification: str | None = None  # `verified`, `unverified`; None where the text itself is held
    verification_note: Mapping[str, str] = field(default_factory=dict)  # language -> what was and was not checked
    sources: tuple[str, ...] = ()  # sources that a report relies on
    catalogued: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)  # publisher's metadata worth showing

    @property
    def is_file(self) -> bool:
        return self.id.startswith("file:")


@dataclass(frozen=True, slots=True)
class Expression:
    """One text of a document: the official text, a digest of ours in one language, a translation (an expression, in FRBR's word).

    `form` is `official`, `digest-en`, `digest-nl` or `tr-<language>`; `version` counts from 1 for each form. `text` is the
    extracted text as it came, the one that offsets count in (code points).
    """

    document_id: str
    form: str
    version: int
    language: str
    text_status: TextStatus
    text: str
    text_sha256: str
    source_sha256: str  # of the bytes it was read from
    source_name: str  # file name or address, for people
    parser: str  # name and version of the rules that read it
    current: bool = True
    trust: str = "official"  # `official`, `curated` (our corpus), `upload`

    @property
    def key(self) -> str:
        """`<document>@<form>`, with the version for an older one: what passages of this text carry."""
        form = "" if self.form == "official" else self.form
        if not self.current:
            form = f"{form}-v{self.version}" if form else f"v{self.version}"
        return f"{self.document_id}@{form}" if form else self.document_id


@dataclass(frozen=True, slots=True)
class Passage:
    """The smallest unit a lawyer cites. `text == expression.text[start_char:end_char]`, code points, half-open.

    A passage over a page break lists the `spans` that are its own words; what lies between them is page furniture.
    `display` is `text` without furniture, hard line breaks and split words: for reading and indexing, never for offsets.
    `pinpoint` is None, or not a place, where the source prints no number; `derived` says that a number was found in running
    text rather than in the source's structure.
    """

    id: str
    document_id: str
    form: str
    ordinal: int
    pinpoint: Pinpoint | None
    heading_path: tuple[str, ...]
    voice: Voice
    text_status: TextStatus
    language: str
    text: str
    start_char: int
    end_char: int
    spans: tuple[tuple[int, int], ...] = ()
    display: str = ""
    page: int | None = None
    printed_page: str | None = None
    derived: bool = False
    verification: str | None = None  # of this pinpoint: `verified`, `verified-indirect`, `unverified`
    note: str | None = None  # where the pinpoint was seen
    footnotes: tuple[str, ...] = ()  # slugs of the footnotes called in it
    text_sha256: str = ""


@dataclass(frozen=True, slots=True)
class CitationLink:
    """A citation found in a text: where it stands, what it names, where in it it points. Extracted, not curated."""

    passage_id: str
    start_char: int  # in the expression's text
    end_char: int
    text: str
    target: str  # document id, ECLI or normalised number
    kind: str  # ecli, case-number, application-number, docket, kamerstuk, article, celex, …
    pinpoint: str | None = None  # slug in the target
    resolved: bool = False  # the target is in this corpus
    named: tuple[str, ...] = ()  # every identifier printed for it, the surest first: by these a document that arrives later is found


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a later document (`by`) did to an earlier one (`of`): curated, dated, for the tracks in `scope` (None: open)."""

    of: str
    by: str
    type: str  # follows, applies, clarifies, distinguishes, departs-from, overrules, superseded-by-legislation, set-aside
    effect: str  # none, caution, overtaken
    date: LegalDate | None = None
    pinpoint: str | None = None
    scope: tuple[Track, ...] | None = None
    source: str | None = None
    note: Mapping[str, str] = field(default_factory=dict)  # language -> the sentence that explains it


def plain_passage_id(document_id: str, slug: str) -> str:
    return f"{document_id}#{slug}"


def unique_slugs(slugs: Sequence[str]) -> list[str]:
    """`slugs` made unique in order: the second `para-12` of a text (a separate opinion restarts) becomes `para-12~2`."""
    seen: dict[str, int] = {}
    unique = []
    for slug in slugs:
        seen[slug] = seen.get(slug, 0) + 1
        unique.append(slug if seen[slug] == 1 else f"{slug}~{seen[slug]}")
    return unique
