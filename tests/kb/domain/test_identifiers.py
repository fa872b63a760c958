"""Identifiers as people paste them and as programs print them."""

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.domain.identifiers import Ecli, PassageId, canonical_document_id, file_document_id, fold_identifier, point_id
from kb.errors import InvalidIdentifier

REAL = Path(__file__).resolve().parents[4] / "shared" / "real" / "ecli-strings"
LETTERS, DIGITS = string.ascii_uppercase, string.digits
ECLIS = st.builds(
    "ECLI:{}:{}:{}:{}".format,
    st.sampled_from(["NL", "EU", "DE", "CE", "BE", "FR"]),
    st.text(LETTERS, min_size=1, max_size=1).flatmap(lambda head: st.text(LETTERS + DIGITS, max_size=6).map(lambda tail: head + tail)),
    st.integers(1900, 2100),
    st.text(LETTERS + DIGITS, min_size=1, max_size=20).map(lambda ordinal: ordinal + "1"),
)


@pytest.mark.parametrize(
    "typed",
    [
        "ECLI:NL:RVS:2022:1864",
        "ecli:nl:rvs:2022:1864",
        "  ECLI:NL:RVS:2022:1864 ",
        "ECLI: NL: RVS: 2022: 1864",
        "ECLI：NL：RVS：2022：1864",  # full-width colon
        "ECLI∶NL∶RVS∶2022∶1864",  # ratio sign
        "ECLI:NL:\u00adRVS:2022:18\u00ad64",  # soft hyphens of a justified page
        "ECLI:NL:RVS:\u200b2022:1864",
        "\ufeffECLI:NL:RVS:2022:1864",
        "ECLI:\u00a0NL:RVS:2022:1864",
        "ＥＣＬＩ:NL:RVS:2022:1864",
    ],
)
def test_an_ecli_is_read_however_it_was_pasted(typed: str) -> None:
    assert Ecli.parse(typed).value == "ECLI:NL:RVS:2022:1864"
    assert canonical_document_id(typed.replace(" ", "").replace("\u00a0", "")) == "ECLI:NL:RVS:2022:1864"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ECLI",
        "ECLI:NL:RVS:2022",
        "ECLI:NL:RVS:2022:",
        "ECLI:NL:RVS:22:1864",
        "ECLI:NLD:RVS:2022:1864",
        "ECLI:NL:RVSRVSRV:2022:1864",  # court codes have at most seven characters
        "ECLI:NL:1RVS:2022:1864",
        "ECLI:NL:RVS:1799:1864",
        "ECLI:NL:RVS:2101:1864",
        "ECLI:NL:RVS:2022:ABC",  # an ordinal without a digit is a word
        "ECLI:NL:RVS:2022:" + "1" * 26,
        "ECLI:NL:RVS:2022:1864.",
        "ECLI:NL:RVS:2022:1864#para-1",
        "see ECLI:NL:RVS:2022:1864",
        "ECLI:NL:RVS:٢٠٢٢:1864",
    ],
)
def test_what_is_no_ecli_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        Ecli.parse(text)
    assert repr(text) in str(caught.value)


@given(ECLIS)
def test_an_ecli_printed_and_read_is_itself_and_tells_its_parts(text: str) -> None:
    ecli = Ecli.parse(text)
    assert str(ecli) == text
    assert Ecli.parse(text.lower()) == ecli == Ecli.parse(str(ecli))
    assert ["ECLI", ecli.country, ecli.court, str(ecli.year)] == text.split(":")[:4]
    assert canonical_document_id(text.lower()) == text


@pytest.mark.real
def test_every_ecli_that_courts_printed_is_read() -> None:
    if not REAL.is_dir():
        pytest.skip("../shared/real/ecli-strings is not on this machine")
    printed = (REAL / "ecli_good.txt").read_text(encoding="utf-8")
    # the strings were cut out of running text: what follows the ordinal is not theirs
    found = sorted(set(re.findall(r"ECLI:[A-Z]{2}:[A-Z0-9]+:[0-9]{4}:[A-Z.]*[0-9](?:[A-Z0-9.]*[A-Z0-9])?", printed)))
    assert len(found) > 5_000
    unread = []
    for text in found:
        try:
            assert Ecli.parse(text).value == text
        except InvalidIdentifier:
            unread.append(text)
    assert unread == ["ECLI:NL:HR:3029:2320"]  # printed so; no court has decided in 3029


@pytest.mark.real
def test_a_malformed_ecli_that_courts_printed_is_refused() -> None:
    if not REAL.is_dir():
        pytest.skip("../shared/real/ecli-strings is not on this machine")
    read = []
    lines = (REAL / "ecli_bad.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        try:
            read.append((line.split("\t")[0], Ecli.parse(line.split("\t")[0]).value))
        except InvalidIdentifier:
            continue
    assert len(lines) > 10_000
    # what is read all the same differs in its case alone
    assert all(printed.upper() == value for printed, value in read)


@pytest.mark.parametrize(
    ("pasted", "folded"),
    [
        ("C\u2011297/17", "C-297/17"),  # non-breaking hyphen
        ("C\u2013297/17", "C-297/17"),
        ("C\u2212297/17", "C-297/17"),
        ("C\uff0d297/17", "C-297/17"),
        ("Kamerstuk\u00a019637\u00a0nr.\u00a02992", "Kamerstuk 19637 nr. 2992"),
        ("202106999/1/\u00adV3", "202106999/1/V3"),
        ("29217/12\u200b", "29217/12"),
        ("M.S.S.\u202e v.\u202c Belgium", "M.S.S. v. Belgium"),
        ("  two   blanks\tand a tab\n", "two blanks and a tab"),
    ],
)
def test_look_alikes_are_one_identifier(pasted: str, folded: str) -> None:
    assert fold_identifier(pasted) == folded


@given(st.text(max_size=80))
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold_identifier(text)
    assert fold_identifier(once) == once


@pytest.mark.parametrize("text", ["", " ", "\u200b", "a#b", "a\x00b", "x" * 301])
def test_what_cannot_be_a_document_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        canonical_document_id(text)


@pytest.mark.parametrize(
    ("text", "document", "form", "slug"),
    [
        ("ECLI:EU:C:2019:219#para-90", "ECLI:EU:C:2019:219", "", "para-90"),
        ("ecli:eu:c:2019:219#para-90", "ECLI:EU:C:2019:219", "", "para-90"),
        ("ECLI:NL:RVS:2022:1864@digest-nl#ro-1", "ECLI:NL:RVS:2022:1864", "digest-nl", "ro-1"),
        ("ECLI:NL:RVS:2022:1864@tr-en#ro-1", "ECLI:NL:RVS:2022:1864", "tr-en", "ro-1"),
        ("ECLI:NL:RVS:2022:1864@v2#ro-1", "ECLI:NL:RVS:2022:1864", "v2", "ro-1"),
        ("ECLI:NL:RVS:2022:1864@tr-en-v2#ro-1", "ECLI:NL:RVS:2022:1864", "tr-en-v2", "ro-1"),
        ("ECLI:NL:RVS:2022:1864@digest-nl-v1#ro-1", "ECLI:NL:RVS:2022:1864", "digest-nl-v1", "ro-1"),
        ("RVS:202304791/1/V2#holding", "RVS:202304791/1/V2", "", "holding"),
        ("Regulation (EU) No 604/2013#art-17(1)", "Regulation (EU) No 604/2013", "", "art-17(1)"),
        ("Regulation (EU) No 604/2013@v1#art-3(2)", "Regulation (EU) No 604/2013", "v1", "art-3(2)"),
        ("kst-30573-195@digest-nl#section-deense-dublinzaken", "kst-30573-195", "digest-nl", "section-deense-dublinzaken"),
        ("file:0123456789abcdef-2#p-4.2", "file:0123456789abcdef-2", "", "p-4.2"),
        ("name@host#para-1", "name@host", "", "para-1"),
        ("name@v2@v3#para-1", "name@v2", "v3", "para-1"),
        ("kst-1#para-12~2", "kst-1", "", "para-12~2"),
        ("kst-1#para-78,80,100-105", "kst-1", "", "para-78,80,100-105"),
    ],
)
def test_a_passage_id_is_read_and_printed(text: str, document: str, form: str, slug: str) -> None:
    found = PassageId.parse(text)
    assert (found.document, found.form, found.slug) == (document, form, slug)
    assert PassageId.parse(str(found)) == found
    assert str(found.plain()) == f"{document}#{slug}"


def test_the_official_text_asked_for_by_name_is_the_plain_id() -> None:
    assert PassageId.parse("kst-1@official#holding") == PassageId("kst-1", "", "holding")


@pytest.mark.parametrize("text", ["", "kst-1", "kst-1#", "#para-1", "#", "@v2#", " #para-1"])
def test_what_is_no_passage_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        PassageId.parse(text)


DOCUMENTS = st.one_of(
    ECLIS,
    st.text(LETTERS + DIGITS + "-/.() :", min_size=1, max_size=40).map(fold_identifier).filter(lambda t: t and not t.startswith("ECLI:")),
)


@given(
    DOCUMENTS,
    st.sampled_from(["", "digest-en", "digest-nl", "tr-en", "v2", "v12", "tr-de-v3"]),
    st.text(string.ascii_lowercase + DIGITS + ".,()~-", min_size=1, max_size=40),
)
def test_a_passage_id_survives_being_printed(document: str, form: str, slug: str) -> None:
    made = PassageId(document, form, slug)
    assert PassageId.parse(str(made)) == made


def test_a_point_id_changes_with_the_passage_its_text_and_its_chunk_and_with_nothing_else() -> None:
    base = point_id("kst-1#holding", "aa", 0)
    assert base == point_id("kst-1#holding", "aa")
    assert len({base, point_id("kst-2#holding", "aa"), point_id("kst-1#holding", "ab"), point_id("kst-1#holding", "aa", 1)}) == 4


def test_a_file_without_an_official_id_is_named_by_its_bytes() -> None:
    assert file_document_id("0123456789abcdef" * 4) == "file:0123456789abcdef"
