"""A small knowledge base for tests: a few invented documents in the real shapes, a hashing embedder, an index in memory.

It goes through the same generations, library and searcher as the product, so that what a test sees is what a reader gets.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.domain.dates import LegalDate
from kb.domain.documents import CitationLink, Document, Expression, Kind, Passage, TextStatus, Track, Treatment, Voice
from kb.domain.pinpoints import HOLDING, Pinpoint, PinpointKind
from kb.ports import Point
from kb.retrieval import lexical
from kb.retrieval.dense import language_means
from kb.retrieval.passages import CHUNKER, words_of
from kb.settings import Settings
from kb.store.generations import PROBES, Generations, Manifest, file_digests
from kb.store.library import LibraryWriter, sha256
from kb.wiring import KnowledgeBase

REPOSITORY = Path(__file__).parent.parent
OLD_TEST = "ECLI:NL:RVS:2022:9001"
NEW_TEST = "RVS:202400001/1/V2"
COURT_OF_JUSTICE = "ECLI:EU:C:2019:9002"
HOSTILE = "file:00000000deadbeef"
MARK = "zqxmarkerzq"  # a word that no document holds

HOSTILE_TEXT = (
    "<script>alert('x')</script> overdracht <img src=x onerror=alert(1)> <svg/onload=alert(2)> {{ 7*7 }} {% raw %} "
    "javascript:alert(3) &lt;b&gt; \u202etxet desrever\u202c zero\u200bwidth </mark></p></main> \"quoted' overdracht"
)


@dataclass(frozen=True)
class Text:
    """One text of a document to be: its passages as (pinpoint, words, voice)."""

    form: str
    language: str
    parts: Sequence[tuple[Pinpoint | None, str, Voice]]
    status: TextStatus = TextStatus.VERBATIM
    version: int = 1
    current: bool = True


@dataclass(frozen=True)
class Quote:
    """Words in the text `form` that cite `target`, as a parser would have found them."""

    form: str
    words: str
    target: str
    pinpoint: str | None = None


@dataclass(frozen=True)
class Entry:
    document: Document
    texts: Sequence[Text] = ()
    cites: Sequence[str] = field(default_factory=tuple)
    quotes: Sequence[Quote] = field(default_factory=tuple)


def _digest(language: str, *parts: tuple[str, str]) -> Text:
    made = [(HOLDING if ref == "holding" else Pinpoint.parse(ref), words, Voice.DIGEST) for ref, words in parts]
    return Text(f"digest-{language}", language, made, TextStatus.DIGEST)


def _ro(number: str) -> Pinpoint:
    return Pinpoint(PinpointKind.CONSIDERATION, number, number)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        Document(
            OLD_TEST,
            Kind.JUDGMENT,
            "Afdeling bestuursrechtspraak van de Raad van State",
            "Mother and child v. State Secretary (Denmark)",
            "nl",
            date=LegalDate("2022-07-06"),
            title_nl="Moeder en kind tegen de staatssecretaris (Denemarken)",
            court_key="nl-rvs",
            case_numbers=("202106999/1/V3",),
            states=("DK",),
            deciding_state="NL",
            nationalities=("SY",),
            track=Track.DUBLIN_TRANSFER,
            topics=("indirect refoulement", "mutual trust"),
            outcome="appeal upheld",
            outcome_nl="hoger beroep gegrond",
            official_url="https://deeplink.rechtspraak.nl/uitspraak?id=ECLI:NL:RVS:2022:9001",
            verification="verified",
            verification_note={"en": "Seen in full.", "nl": "Geheel gezien."},
            catalogued=True,
        ),
        (
            _digest(
                "nl",
                ("holding", "Het Deense beschermingsbeleid voor Syriërs verschilt evident en fundamenteel van het Nederlandse beleid."),
                ("r.o. 1", "Feiten: de Deense vergunning van de vrouw is niet verlengd."),
            ),
            _digest(
                "en",
                ("holding", "The Danish protection policy for Syrians differs evidently and fundamentally from the Dutch policy."),
                ("r.o. 1", "Facts: the Danish permit of the woman was not renewed."),
            ),
        ),
    ),
    Entry(
        Document(
            NEW_TEST,
            Kind.JUDGMENT,
            "Afdeling bestuursrechtspraak van de Raad van State",
            "Change of course on indirect refoulement",
            "nl",
            date=LegalDate("2024-06-12"),
            title_nl="Koerswijziging indirect refoulement",
            court_key="nl-rvs",
            case_numbers=("202400001/1/V2",),
            states=("DK",),
            deciding_state="NL",
            track=Track.DUBLIN_TRANSFER,
            topics=("indirect refoulement",),
            catalogued=True,
            verification="verified",
        ),
        (
            _digest(
                "nl", ("holding", "Een verschil in beschermingsbeleid tussen lidstaten staat niet meer ter toets van de Dublinrechter.")
            ),
            _digest("en", ("holding", "A difference in protection policy between Member States is no longer tested by the Dublin court.")),
        ),
    ),
    Entry(
        Document(
            COURT_OF_JUSTICE,
            Kind.JUDGMENT,
            "Court of Justice",
            "Greek status holders",
            "en",
            date=LegalDate("2019-03-19"),
            court_key="eu-cjeu",
            case_numbers=("C-900/17",),
            states=("GR",),
            deciding_state="EU",
            track=Track.STATUS_HOLDER,
            topics=("extreme material poverty",),
            official_url="https://curia.europa.eu/x",
            catalogued=True,
        ),
        (
            Text(
                "official",
                "en",
                (
                    (
                        Pinpoint(PinpointKind.PARAGRAPH, "89", "89"),
                        "The particularly high level of severity is attained only in extreme cases.",
                        Voice.COURT,
                    ),
                    (
                        Pinpoint(PinpointKind.PARAGRAPH, "90", "90"),
                        "That threshold is reached where the indifference of the authorities would leave a person\n"
                        "wholly dependent on State support in a situation of extreme material poverty.",
                        Voice.COURT,
                    ),
                    (
                        Pinpoint(PinpointKind.PARAGRAPH, "91", "91"),
                        "The applicant submits that Greece offers no housing at all.",
                        Voice.APPLICANT,
                    ),
                ),
            ),
            _digest("nl", ("holding", "Verregaande materiële deprivatie: de drempel van onverschilligheid van de autoriteiten.")),
            _digest("en", ("holding", "Extreme material poverty: the threshold of indifference of the authorities.")),
        ),
    ),
    Entry(
        Document(
            HOSTILE,
            Kind.OTHER,
            '<b>Court</b> of "Mischief"',
            "</title><script>alert('title')</script>",
            "nl",
            date=LegalDate("2021"),
            official_url="javascript:alert(9)",
            case_numbers=("<i>1</i>",),
        ),
        (
            Text(
                "official",
                "nl",
                (
                    (_ro("1"), HOSTILE_TEXT, Voice.UNKNOWN),
                    (Pinpoint(PinpointKind.POSITION, "2", ""), "Een tweede blok over overdracht.", Voice.UNKNOWN),
                ),
            ),
        ),
        (OLD_TEST, "ECLI:NL:RVS:1999:1"),
    ),
)
TREATMENTS = (
    Treatment(
        OLD_TEST,
        NEW_TEST,
        "departs-from",
        "overtaken",
        LegalDate("2024-06-12"),
        scope=(Track.DUBLIN_TRANSFER,),
        source="press release",
        note={"en": "The test of 2022 was given up in Dublin cases.", "nl": "De toets van 2022 is in Dublinzaken verlaten."},
    ),
)


def settings(data_dir: Path, **changed: object) -> Settings:
    """Settings of a test, over the shipped corpus's patterns and courts."""
    return Settings(_env_file=None, data_dir=data_dir, corpus_dir=REPOSITORY / "corpus", **changed)  # type: ignore[call-arg,arg-type]


def knowledge_base(data_dir: Path, entries: Sequence[Entry] = ENTRIES, **changed: object) -> KnowledgeBase:
    """A knowledge base over `entries`, built into `data_dir`."""
    build_store(data_dir, entries)
    return KnowledgeBase(settings(data_dir, **changed), embedder=HashingEmbedder(), engine=MemoryEngine())


def empty_knowledge_base(data_dir: Path) -> KnowledgeBase:
    return KnowledgeBase(settings(data_dir), embedder=HashingEmbedder(), engine=MemoryEngine())


def build_store(data_dir: Path, entries: Sequence[Entry] = ENTRIES, treatments: Sequence[Treatment] = TREATMENTS) -> str:
    """One published generation of `entries`; returns its name."""
    embedder, engine = HashingEmbedder(), MemoryEngine()
    lexicon = lexical.Lexicon.load(REPOSITORY / "corpus" / "lexicon")
    generations = Generations(data_dir, engine)
    with generations.building() as build:
        writer = LibraryWriter.copy_of(None, build.directory / "library.sqlite")
        points: list[Point] = []
        for entry in entries:
            writer.put_document(entry.document)
            for text in entry.texts:
                expression, passages = _expression(entry.document, text)
                writer.put_expression(expression, passages, _links(entry, expression, passages))
                if text.current:
                    points += [_point(entry.document, passage, embedder, lexicon) for passage in passages]
        writer.replace_treatments(treatments)
        held: dict[str, Counter[str]] = {}
        for point in points:
            held.setdefault(str(point.payload["language"]), Counter()).update(set(str(point.payload["stems"]).split()))
        writer.replace_stems(held)
        counts = writer.counts()
        writer.finish()
        engine.build(build.directory / "index", points, dimension=embedder.space.dimension)
        probes = embedder.embed_passages(list(PROBES))
        build.publish(
            Manifest(
                generation=build.name,
                engine=engine.name,
                space=embedder.space,
                language_means=language_means(np.stack([p.vector for p in points]), [str(p.payload["language"]) for p in points]),
                probes=[[float(x) for x in row] for row in probes],
                stemmer=lexical.VERSION,
                chunker=CHUNKER,
                corpus_sha256="",
                content_sha256="",
                documents=counts["documents"],
                passages=counts["passages"],
                points=len(points),
                files=file_digests(build.directory),
                made_at=dt.datetime(2026, 11, 24, tzinfo=dt.UTC).isoformat(),
            )
        )
        return build.name


def _expression(document: Document, text: Text) -> tuple[Expression, list[Passage]]:
    body = "\n\n".join(words for _, words, _ in text.parts)
    expression = Expression(
        document.id,
        text.form,
        text.version,
        text.language,
        text.status,
        body,
        sha256(body),
        sha256(f"{document.id} {text.form}"),
        "made-for-tests.txt",
        "test/1",
        current=text.current,
        trust="upload" if document.is_file else "curated",
    )
    passages, at = [], 0
    for ordinal, (pinpoint, words, voice) in enumerate(text.parts):
        slug = pinpoint.slug if pinpoint else f"pos-{ordinal + 1}"
        passages.append(
            Passage(
                id=f"{expression.key}#{slug}",
                document_id=document.id,
                form=text.form,
                ordinal=ordinal,
                pinpoint=pinpoint,
                heading_path=("Beoordeling",) if text.status is TextStatus.VERBATIM else (),
                voice=voice,
                text_status=text.status,
                language=text.language,
                text=words,
                start_char=at,
                end_char=at + len(words),
                display=words.replace("\n", " "),
                verification="verified" if text.status is TextStatus.DIGEST else None,
                text_sha256=sha256(words),
            )
        )
        at += len(words) + 2
    return expression, passages


def _links(entry: Entry, expression: Expression, passages: Sequence[Passage]) -> list[CitationLink]:
    first = passages[0]
    found = []
    for number, target in enumerate(entry.cites):
        start, end = first.start_char, first.start_char + 10 + number
        found.append(CitationLink(first.id, start, end, expression.text[start:end], target, "ecli"))
    for quote in entry.quotes:
        if quote.form == expression.form and (at := expression.text.find(quote.words)) >= 0:
            passage = next(p for p in passages if p.start_char <= at < p.end_char)
            end = at + len(quote.words)
            found.append(CitationLink(passage.id, at, end, quote.words, quote.target, "ecli", quote.pinpoint, resolved=True))
    return found


def _point(document: Document, passage: Passage, embedder: HashingEmbedder, lexicon: lexical.Lexicon) -> Point:
    from kb.domain.identifiers import point_id

    words = words_of(document, passage)
    payload: dict[str, str | int | list[str]] = {
        "passage_id": passage.id,
        "document_id": document.id,
        "kind": str(document.kind),
        "court": document.court,
        "states": list(document.states),
        "language": passage.language,
        "voice": str(passage.voice),
        "text_status": str(passage.text_status),
        "nationalities": list(document.nationalities),
        "decided_first": document.date.first if document.date else 0,
        "decided_last": document.date.last if document.date else 99_991_231,
        "stems": " ".join(lexicon.stems(words, passage.language)),
    }
    if document.track:
        payload["track"] = str(document.track)
    return Point(point_id(passage.id, passage.text_sha256), embedder.embed_passages([words])[0], payload)


def _stem_frequencies(points: Sequence[Point]) -> dict[str, Counter[str]]:
    """In how many passages of each language each stem stands: by it a search knows whether its words are in the corpus at all."""
    found: dict[str, Counter[str]] = {}
    for point in points:
        found.setdefault(str(point.payload["language"]), Counter()).update(set(str(point.payload["stems"]).split()))
    return found


def with_document(entry: Entry, **changed: object) -> Entry:
    return replace(entry, document=replace(entry.document, **changed))  # type: ignore[arg-type]


def messages(body: Mapping[str, object]) -> list[str]:
    notices = body["notices"]
    assert isinstance(notices, list)
    return [str(notice["code"]) for notice in notices]
