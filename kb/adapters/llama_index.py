"""Our search as a LlamaIndex retriever, so that any of its query engines can sit on this knowledge base with our citations intact.

    from kb.adapters.llama_index import PassageRetriever
    from kb.wiring import open_knowledge_base

    retriever = PassageRetriever(open_knowledge_base().search, limit=5)
    for found in retriever.retrieve("Wanneer is de Ibrahim-drempel gehaald?"):
        print(found.node.metadata["citation_nl"], found.node.metadata["standing"])

None of its types leaves this module, and none of its global settings is read: no model of its own is ever loaded.
"""

import datetime as dt
from collections.abc import Callable

from llama_index.core.callbacks import CallbackManager
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode

from kb.domain.query import Filters, Query, normalise_query
from kb.domain.results import Hit, SearchResult


class PassageRetriever(BaseRetriever):
    """Nodes in the order of our hits; a node's text is the passage as stored, its id the passage id.

    Metadata of a node (all plain strings and numbers): `document_id`, `pinpoint`, `citation_nl`, `citation_en`, `voice`,
    `text_status`, `standing`, `standing_sentence`, `successors`, `date`, `language`, `start_char`, `end_char`, `official_url`.
    None of it is fed to a language model unless its `metadata_mode` asks for it; what an answer must carry (citation, standing,
    whose words) is.
    """

    def __init__(
        self,
        search: Callable[[Query], SearchResult],
        *,
        limit: int = 10,
        as_of: dt.date | None = None,
        filters: Filters | None = None,
    ) -> None:
        """`search` is a knowledge base's own; `as_of` defaults to the day of each question."""
        super().__init__(callback_manager=CallbackManager([]))
        self._search = search
        self._limit = limit
        self._as_of = as_of
        self._filters = filters or Filters()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        as_of = self._as_of or dt.datetime.now(tz=dt.UTC).date()
        query = Query(normalise_query(query_bundle.query_str), as_of=as_of, limit=self._limit, filters=self._filters)
        return [_node(hit) for hit in self._search(query).hits]


_FOR_THE_MODEL = ("citation_en", "voice", "text_status", "standing", "standing_sentence", "successors", "date")


def _node(hit: Hit) -> NodeWithScore:
    passage, document, standing = hit.passage, hit.document, hit.standing
    metadata: dict[str, str | int | None] = {
        "passage_id": passage.id,
        "document_id": document.id,
        "pinpoint": passage.pinpoint.printed if passage.pinpoint and passage.pinpoint.is_place else None,
        "citation_nl": hit.citation.get("nl"),
        "citation_en": hit.citation.get("en"),
        "voice": str(passage.voice),
        "text_status": str(passage.text_status),
        "standing": str(standing.value),
        "standing_sentence": standing.sentence.get("en"),
        "successors": "; ".join(successor.citation.get("en", successor.document_id) for successor in standing.successors) or None,
        "date": document.date.value if document.date else None,
        "language": passage.language,
        "start_char": passage.start_char,
        "end_char": passage.end_char,
        "official_url": document.official_url,
    }
    node = TextNode(
        id_=passage.id,
        text=passage.text,
        metadata=metadata,
        excluded_embed_metadata_keys=list(metadata),
        excluded_llm_metadata_keys=[key for key in metadata if key not in _FOR_THE_MODEL],
        start_char_idx=passage.start_char,
        end_char_idx=passage.end_char,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document.id)},
    )
    return NodeWithScore(node=node, score=hit.score)
