"""A LlamaIndex query engine over our search: our citations arrive, and nothing of its own is loaded or asked."""

import datetime as dt
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kb.adapters.llama_index import PassageRetriever
from kb.domain.query import Filters
from kb.errors import InvalidQuery
from kb.wiring import KnowledgeBase
from tests.factories import COURT_OF_JUSTICE, NEW_TEST, OLD_TEST, knowledge_base

REPOSITORY = Path(__file__).resolve().parents[3]
AS_OF = dt.date(2026, 11, 24)
QUESTION = "Het Deense beschermingsbeleid voor Syriërs"
METADATA = {
    "passage_id",
    "document_id",
    "pinpoint",
    "citation_nl",
    "citation_en",
    "voice",
    "text_status",
    "standing",
    "standing_sentence",
    "successors",
    "date",
    "language",
    "start_char",
    "end_char",
    "official_url",
}


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return knowledge_base(tmp_path_factory.mktemp("llama"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a retriever opens no connection")

    monkeypatch.setattr(socket.socket, "connect", refused)


def test_nodes_are_our_hits_in_our_order_with_our_words(kb: KnowledgeBase) -> None:
    from kb.domain.query import Query

    hits = kb.search(Query(QUESTION, as_of=AS_OF, limit=5)).hits
    nodes = PassageRetriever(kb.search, limit=5, as_of=AS_OF).retrieve(QUESTION)
    assert [(node.node.node_id, node.score) for node in nodes] == [(hit.passage.id, hit.score) for hit in hits]
    assert [node.node.get_content() for node in nodes] == [hit.passage.text for hit in hits]


def test_every_node_carries_the_whole_metadata_in_plain_values(kb: KnowledgeBase) -> None:
    nodes = PassageRetriever(kb.search, as_of=AS_OF).retrieve(QUESTION)
    assert nodes
    for node in nodes:
        assert set(node.node.metadata) == METADATA
        assert all(value is None or isinstance(value, str | int) for value in node.node.metadata.values())
        assert node.node.ref_doc_id == node.node.metadata["document_id"]
        for required in METADATA - {"pinpoint", "standing_sentence", "successors", "date", "official_url"}:
            assert node.node.metadata[required] not in (None, ""), required


def test_an_overtaken_authority_says_so_and_names_its_successor(kb: KnowledgeBase) -> None:
    nodes = {n.node.metadata["document_id"]: n.node.metadata for n in PassageRetriever(kb.search, as_of=AS_OF).retrieve(OLD_TEST)}
    old = nodes[OLD_TEST]
    assert old["standing"] == "overtaken"
    assert "12 June 2024" in old["successors"]
    assert old["standing_sentence"]
    assert NEW_TEST in nodes


def test_a_place_is_given_where_there_is_one_and_never_for_a_summary(kb: KnowledgeBase) -> None:
    nodes = PassageRetriever(kb.search, as_of=AS_OF).retrieve("C-900/17 para 90")
    assert nodes[0].node.metadata["pinpoint"] == "90"
    assert "90" in nodes[0].node.metadata["citation_en"]
    summary = next(n for n in PassageRetriever(kb.search, as_of=AS_OF).retrieve(OLD_TEST) if n.node.node_id == f"{OLD_TEST}#holding")
    assert summary.node.metadata["pinpoint"] is None


def test_a_language_model_sees_the_citation_the_standing_and_whose_words_and_an_embedder_sees_none(kb: KnowledgeBase) -> None:
    from llama_index.core.schema import MetadataMode

    node = PassageRetriever(kb.search, as_of=AS_OF).retrieve(OLD_TEST)[0].node
    read = node.get_content(MetadataMode.LLM)
    for key in ("citation_en", "standing", "successors", "voice", "text_status"):
        assert str(node.metadata[key]) in read, key
    assert "start_char" not in read
    assert node.get_content(MetadataMode.EMBED).strip() == node.get_content().strip()


def test_the_clock_and_the_filters_are_those_given(kb: KnowledgeBase) -> None:
    then = PassageRetriever(kb.search, as_of=dt.date(2023, 1, 1)).retrieve(QUESTION)
    assert NEW_TEST not in {n.node.metadata["document_id"] for n in then}
    only = PassageRetriever(kb.search, as_of=AS_OF, filters=Filters(documents=(COURT_OF_JUSTICE,))).retrieve("extreme material poverty")
    assert {n.node.metadata["document_id"] for n in only} == {COURT_OF_JUSTICE}
    assert len(PassageRetriever(kb.search, as_of=AS_OF, limit=1).retrieve("overdracht extreme material poverty")) <= 2


def test_an_empty_question_is_refused_as_everywhere(kb: KnowledgeBase) -> None:
    with pytest.raises(InvalidQuery):
        PassageRetriever(kb.search).retrieve(" \x00 ")


SCRIPT = """
import datetime as dt, socket, sys, tempfile, warnings
from pathlib import Path
warnings.simplefilter("ignore")
def refused(*_, **__):
    raise AssertionError("a connection was opened")
socket.socket.connect = refused
from tests.factories import OLD_TEST, knowledge_base
from kb.adapters.llama_index import PassageRetriever
assert not [name for name in sys.modules if name.split(".")[0] == "openai"], "importing the adapter loads a hosted model's client"
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
with tempfile.TemporaryDirectory() as folder:
    kb = knowledge_base(Path(folder))
    retriever = PassageRetriever(kb.search, limit=3, as_of=dt.date(2026, 11, 24))
    engine = RetrieverQueryEngine(retriever, get_response_synthesizer(llm=MockLLM()))
    answer = engine.query(OLD_TEST)
sources = answer.source_nodes
assert sources[0].node.node_id == OLD_TEST + "#holding", sources[0].node.node_id
assert sources[0].node.metadata["citation_nl"] in str(answer) or sources[0].node.metadata["citation_en"] in str(answer), str(answer)
assert "overtaken" in str(answer)
loaded = {name.split(".")[0] for name in sys.modules}
assert not loaded & {"openai", "torch", "transformers"}, loaded & {"openai", "torch", "transformers"}
"""


@pytest.mark.slow
def test_a_query_engine_answers_from_our_passages_without_a_hosted_model_or_a_connection() -> None:
    """In a process of its own, so that what other tests imported proves nothing."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False, env={"PYTHONPATH": "."}
    )
    assert done.returncode == 0, done.stderr[-2000:]
