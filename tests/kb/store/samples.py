"""A small published generation, made without the ingest side."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from kb.adapters.hashing import HashingEmbedder
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Expression, Kind, Passage, TextStatus, Voice
from kb.domain.identifiers import PassageId, point_id
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.ports import Embedder, IndexEngine, Point
from kb.store.generations import PROBES, Generations, Manifest, file_digests
from kb.store.library import LibraryWriter, sha256

TEXTS: Mapping[str, Sequence[str]] = {
    "ECLI:NL:RVS:2099:1": ("De overdracht aan Denemarken is toegestaan.", "Het hoger beroep is ongegrond."),
    "ECLI:NL:RVS:2099:2": ("Griekse statushouders leven in armoede.", "De minister moet beter motiveren."),
}


def made(document_id: str, parts: Sequence[str]) -> tuple[Document, Expression, list[Passage]]:
    text = "\n\n".join(parts)
    document = Document(
        id=document_id,
        kind=Kind.JUDGMENT,
        court="Afdeling bestuursrechtspraak",
        title=f"Zaak {document_id[-1]}",
        language="nl",
        date=LegalDate("2099-01-02"),
        case_numbers=(f"20990000{document_id[-1]}/1/V3",),
    )
    expression = Expression(
        document_id, "official", 1, "nl", TextStatus.VERBATIM, text, sha256(text), sha256(document_id), "a.xml", "test/1"
    )
    passages, start = [], 0
    for number, part in enumerate(parts, 1):
        start = text.index(part, start)
        passages.append(
            Passage(
                id=str(PassageId(document_id, "", f"ro-{number}")),
                document_id=document_id,
                form="official",
                ordinal=number,
                pinpoint=Pinpoint(PinpointKind.CONSIDERATION, str(number), f"{number}."),
                heading_path=("Overwegingen",),
                voice=Voice.COURT,
                text_status=TextStatus.VERBATIM,
                language="nl",
                text=part,
                start_char=start,
                end_char=start + len(part),
                display=part,
                text_sha256=sha256(part),
            )
        )
    return document, expression, passages


def publish(
    root: Path, engine: IndexEngine, texts: Mapping[str, Sequence[str]] = TEXTS, *, embedder: Embedder | None = None
) -> Generations:
    """Builds and publishes one generation holding `texts`, from nothing."""
    embedder = embedder or HashingEmbedder()
    generations = Generations(root, engine)
    with generations.building() as build:
        writer = LibraryWriter(build.directory / "library.sqlite")
        points = []
        for document_id, parts in texts.items():
            document, expression, passages = made(document_id, parts)
            writer.put_document(document)
            writer.put_expression(expression, passages)
            for passage, vector in zip(passages, embedder.embed_passages([p.text for p in passages]), strict=True):
                payload: dict[str, str | int | list[str]] = {
                    "passage_id": passage.id,
                    "document_id": document.id,
                    "language": "nl",
                    "stems": passage.text.lower().replace(".", ""),
                    "decided_first": 20990102,
                }
                points.append(Point(point_id(passage.id, passage.text_sha256), vector, payload))
        counts = writer.counts()
        writer.finish()
        total = engine.build(build.directory / "index", points, dimension=embedder.space.dimension)
        build.publish(
            Manifest(
                generation=build.name,
                engine=engine.name,
                space=embedder.space,
                probes=[[float(x) for x in row] for row in embedder.embed_passages(list(PROBES))],
                language_means={},
                stemmer="none",
                chunker="none",
                corpus_sha256="",
                content_sha256="",
                documents=counts["documents"],
                passages=counts["passages"],
                points=total,
                files=file_digests(build.directory),
                made_at=dt.datetime(2099, 1, 2, tzinfo=dt.UTC).isoformat(),
            )
        )
    return generations
