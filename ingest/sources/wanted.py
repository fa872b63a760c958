"""What is asked of a publisher: one text of one document."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Wanted:
    """One text of one document. `official_id` is what the builder keeps it under; None where the file itself must say."""

    document_id: str
    source: str
    part: str
    official_id: str | None
    hints: Mapping[str, str] = field(default_factory=dict)  # what the connector needs: a CELEX, an item id, a file's address

    @property
    def optional(self) -> bool:
        """Whether the document is well served without this text: a further language of it."""
        return self.hints.get("optional") == "yes"
