"""Who publishes a report, from what its title page prints (corpus/patterns/publishers.toml), and whose voice it then is."""

from dataclasses import dataclass

from ingest.parse import patterns
from kb.domain.documents import Voice


@dataclass(frozen=True, slots=True)
class Publisher:
    name: str
    voice: Voice
    language: str | None = None


def find_publisher(*texts: str) -> Publisher | None:
    """The publisher that the first of `texts` that names one names (title page, imprint, metadata); None where none is known."""
    for text in texts:
        folded = " ".join(text.lower().split())
        best: tuple[int, Publisher] | None = None
        for entry in patterns.load("publishers")["publisher"]:
            places = [at for word in entry["match"] if (at := folded.find(word)) >= 0]
            if places and (best is None or min(places) < best[0]):
                best = (min(places), Publisher(entry["name"], Voice(entry["voice"]), entry.get("language")))
        if best:
            return best[1]
    return None
