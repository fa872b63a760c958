"""What `dublin-kb doctor` says: one thing looked at, how it is, what to do."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` says what to do; empty where nothing is wrong."""

    level: Level
    what: str
    message: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        return {"level": self.level, "what": self.what, "message": self.message, "remedy": self.remedy}
