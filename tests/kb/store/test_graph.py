"""Who cites whom, with the place at both ends."""

from dataclasses import replace
from pathlib import Path

import pytest

from kb.domain.documents import CitationLink
from kb.domain.pinpoints import slug_places
from kb.store.graph import edges_at, edges_from, edges_to
from kb.store.library import Library, LibraryWriter
from tests.kb.store.samples import made

ONE, TWO, LATE = "ECLI:NL:RVS:2099:1", "ECLI:NL:RVS:2099:2", "ECLI:NL:RVS:2099:3"


@pytest.mark.parametrize(
    ("slug", "places"),
    [
        ("para-90", ("para-90",)),
        ("para-85-87,90", ("para-85", "para-86", "para-87", "para-90")),
        ("ro-4.1-4.3", ("ro-4.1", "ro-4.2", "ro-4.3")),
        ("ro-4.1-5.3", ("ro-4.1-5.3",)),  # where section 4 ends is not known
        ("para-90-85", ("para-90-85",)),
        ("para-1-500", ("para-1-500",)),
        ("art-3(2)", ("art-3(2)",)),
        ("section-2-opvang", ("section-2-opvang",)),
        ("holding-2", ("holding-2",)),
        ("para-12~2", ("para-12~2",)),
    ],
)
def test_a_pinpoint_is_taken_apart_only_where_it_is_a_list_or_a_range(slug: str, places: tuple[str, ...]) -> None:
    assert slug_places(slug) == places


def cites(passage: str, target: str, pinpoint: str | None, *named: str) -> CitationLink:
    return CitationLink(passage, 0, 2, "De", target, "ecli", pinpoint, named=named or (target,))


def library(path: Path, links: list[CitationLink], *documents: str) -> Library:
    writer = LibraryWriter(path / f"{len(documents)}.sqlite")
    put(writer, links, *documents)
    writer.relink()
    writer.finish()
    return Library(path / f"{len(documents)}.sqlite")


def put(writer: LibraryWriter, links: list[CitationLink], *documents: str) -> None:
    for document_id in documents:
        document, expression, passages = made(document_id, ("De eerste overweging.", "De tweede overweging."))
        writer.put_document(document)
        own = {passage.id for passage in passages}
        writer.put_expression(expression, passages, [link for link in links if link.passage_id in own])


def test_both_ends_have_their_place(tmp_path: Path) -> None:
    held = library(tmp_path, [cites(f"{TWO}#ro-2", ONE, "ro-1-2")], ONE, TWO)
    (edge,) = edges_from(held, TWO)
    assert (edge.document_id, edge.from_pinpoint, edge.target_passages) == (TWO, "ro-2", (f"{ONE}#ro-1", f"{ONE}#ro-2"))
    assert edges_to(held, ONE) == [edge]
    assert edges_at(edges_to(held, ONE), f"{ONE}#ro-2") == [edge]
    assert edges_at(edges_to(held, ONE), f"{ONE}#ro-3") == []
    assert held.verify() == []


def test_a_place_that_is_not_held_is_no_passage(tmp_path: Path) -> None:
    links = [cites(f"{TWO}#ro-1", ONE, "ro-2-3"), cites(f"{TWO}#ro-2", ONE, "ro-9"), cites(f"{ONE}#ro-1", TWO, None)]
    held = library(tmp_path, links, ONE, TWO)
    assert [(edge.link.pinpoint, edge.target_passages) for edge in edges_from(held, TWO)] == [("ro-2-3", (f"{ONE}#ro-2",)), ("ro-9", ())]
    assert [edge.target_passages for edge in edges_from(held, ONE)] == [()]


def test_what_is_not_in_the_corpus_stays_listed_as_such(tmp_path: Path) -> None:
    held = library(tmp_path, [cites(f"{TWO}#ro-1", LATE, "ro-1")], TWO)
    (edge,) = edges_from(held, TWO)
    assert (edge.link.target, edge.link.resolved, edge.target_passages) == (LATE, False, ())


def test_a_document_that_arrives_later_is_linked_by_every_identifier_it_was_cited_by(tmp_path: Path) -> None:
    by_docket = cites(f"{TWO}#ro-1", "209900003/1/V3", "ro-1", "209900003/1/V3", "209900003")
    early = library(tmp_path, [by_docket], TWO)
    assert edges_to(early, LATE) == []
    assert [edge.link.resolved for edge in edges_from(early, TWO)] == [False]
    writer = LibraryWriter.copy_of(early.path, tmp_path / "later.sqlite")
    put(writer, [], LATE)
    assert writer.relink() == 1
    assert writer.relink() == 0
    assert [edge.target_passages for edge in edges_to(writer, LATE)] == [(f"{LATE}#ro-1",)]
    writer.drop_document(LATE)
    assert writer.relink() == 1
    (edge,) = edges_from(writer, TWO)
    assert (edge.link.target, edge.link.resolved) == ("209900003/1/V3", False)


def test_two_documents_with_one_number_are_no_answer(tmp_path: Path) -> None:
    by_docket = cites(f"{TWO}#ro-1", "209900003/1/V3", None, "209900003/1/V3")
    held = library(tmp_path, [by_docket], TWO, LATE)
    writer = LibraryWriter.copy_of(held.path, tmp_path / "later.sqlite")
    document, _, _ = made(ONE, ("x",))
    writer.put_document(replace(document, case_numbers=("209900003/1/V3",)))
    writer.relink()
    assert [edge.link.resolved for edge in edges_from(writer, TWO)] == [False]


def test_a_text_that_was_replaced_cites_no_longer_and_one_that_cites_itself_never(tmp_path: Path) -> None:
    writer = LibraryWriter(tmp_path / "l.sqlite")
    put(writer, [cites(f"{TWO}#ro-1", TWO, "ro-2"), cites(f"{TWO}#ro-2", ONE, None)], ONE, TWO)
    assert [edge.link.target for edge in edges_from(writer, TWO)] == [ONE]
    expression = writer.expression(TWO)
    links = writer.citations_from(TWO)
    passages = [replace(p, id=p.id.replace("#", "@v1#")) for p in writer.passages(TWO)]
    writer.drop_expression(TWO)
    writer.put_expression(
        replace(expression, current=False), passages, [replace(link, passage_id=link.passage_id.replace("#", "@v1#")) for link in links]
    )
    assert edges_from(writer, TWO) == edges_to(writer, ONE) == []
    assert len(writer.citations_from(TWO)) == 2  # the old text keeps its links for who reads it


def test_a_citation_whose_words_do_not_stand_there_is_found_by_the_check(tmp_path: Path) -> None:
    held = library(tmp_path, [replace(cites(f"{TWO}#ro-1", ONE, None), text="Het")], ONE, TWO)
    assert held.verify() == [f"citation 'Het' of {ONE}: does not stand where {TWO}#ro-1 has it"]
