"""Numbers for Prometheus. Labels are route templates, statuses and codes from fixed lists: no words of a question, no person.

Each application has a registry of its own; nothing is kept in module state.
"""

import datetime as dt
import shutil
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from kb.errors import KbError
from kb.store.generations import Manifest

if TYPE_CHECKING:
    from kb.wiring import KnowledgeBase

CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What is counted while the application answers."""

    def __init__(self, knowledge_base: "KnowledgeBase") -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("dublin_kb_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry)
        self.seconds = Histogram(
            "dublin_kb_request_seconds", "Time until an answer was complete.", ("route",), buckets=_SECONDS, registry=self.registry
        )
        self.search_seconds = Histogram(
            "dublin_kb_search_seconds",
            "Time of one search, assessment, check or export, without waiting for its turn.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.nothing = Counter("dublin_kb_searches_without_result", "Searches that found nothing relevant.", registry=self.registry)
        self.problems = Counter("dublin_kb_problems", "Problems answered, refusals among them, by code.", ("code",), registry=self.registry)
        self.audit_failures = Counter("dublin_kb_audit_failures", "Events that could not be written.", registry=self.registry)
        self.registry.register(_Store(knowledge_base))
        ProcessCollector(registry=self.registry)

    def exposed(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self.registry)


class _Store(Collector):
    """The index and its disk, looked at when asked."""

    def __init__(self, knowledge_base: "KnowledgeBase") -> None:
        self._base = knowledge_base

    def describe(self) -> Iterator[Metric]:
        return iter(())  # nothing is opened at registration

    def collect(self) -> Iterator[Metric]:
        manifest, fallen_back = self._manifest()
        yield GaugeMetricFamily("dublin_kb_ready", "1 where questions can be answered.", value=float(manifest is not None))
        yield GaugeMetricFamily("dublin_kb_index_fallback", "1 while an older index answers for a damaged one.", value=float(fallen_back))
        if manifest is not None:
            age = time.time() - dt.datetime.fromisoformat(manifest.made_at).timestamp()
            yield GaugeMetricFamily("dublin_kb_index_age_seconds", "Time since the index that answers was made.", value=age)
            yield GaugeMetricFamily("dublin_kb_documents", "Documents in the index that answers.", value=manifest.documents)
            yield GaugeMetricFamily("dublin_kb_passages", "Passages in the index that answers.", value=manifest.passages)
        place = self._base.settings.data_dir
        if place.is_dir():
            yield GaugeMetricFamily("dublin_kb_disk_free_bytes", "Room where the data is.", value=shutil.disk_usage(place).free)

    def _manifest(self) -> tuple[Manifest | None, bool]:
        try:
            generation = self._base.view().generation
        except (KbError, OSError):
            return None, False
        return generation.manifest, generation.fallback_from is not None
