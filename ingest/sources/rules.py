"""`corpus/sources.toml` as the fetching process uses it: hosts, limits, addresses, what to look for."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kb.errors import CorpusInvalid

FILE = "sources.toml"


@dataclass(frozen=True, slots=True)
class HostRule:
    """One publisher's host: how often it may be asked (seconds from question to question), the largest answer, its terms."""

    name: str
    interval_s: float
    max_bytes: int
    terms: str
    basis: str


@dataclass(frozen=True, slots=True)
class ClientRules:
    user_agent: str
    connect_timeout_s: float
    read_timeout_s: float
    total_timeout_s: float
    attempts: int
    wait_initial_s: float
    wait_max_s: float
    retry_after_max_s: float
    challenge_pause_s: float
    give_up_after: int
    ask_again_after_s: float
    redirects: int


@dataclass(frozen=True, slots=True)
class Walk:
    """One way through the Rechtspraak feed."""

    name: str
    parameters: Mapping[str, tuple[str, ...]]
    take: Literal["all", "matching", "held"]


@dataclass(frozen=True)
class SourceRules:
    """Everything in the file. `sections` are the publishers' own tables as they stand there."""

    client: ClientRules
    hosts: Mapping[str, HostRule]
    sections: Mapping[str, Mapping[str, Any]]
    walks: tuple[Walk, ...]
    dockets: tuple[re.Pattern[str], ...]
    vocabulary: tuple[str, ...]

    @classmethod
    def load(cls, corpus_dir: Path) -> "SourceRules":
        """Raises: CorpusInvalid, naming what is missing."""
        path = corpus_dir / FILE
        try:
            with path.open("rb") as stream:
                data = tomllib.load(stream)
            given = data["client"]
            client = ClientRules(
                user_agent=given["user_agent"],
                connect_timeout_s=given["connect_timeout_s"],
                read_timeout_s=given["read_timeout_s"],
                total_timeout_s=given["total_timeout_s"],
                attempts=given["attempts"],
                wait_initial_s=given["wait_initial_s"],
                wait_max_s=given["wait_max_s"],
                retry_after_max_s=given["retry_after_max_s"],
                challenge_pause_s=given["challenge_pause_h"] * 3600,
                give_up_after=given["give_up_after"],
                ask_again_after_s=given["ask_again_after_h"] * 3600,
                redirects=given["redirects"],
            )
            hosts = {
                host["name"]: HostRule(host["name"], float(host["interval_s"]), int(host["max_mb"] * 2**20), host["terms"], host["basis"])
                for host in data["host"]
            }
            feed = data["rechtspraak"]
            return cls(
                client=client,
                hosts=hosts,
                sections={name: table for name, table in data.items() if name not in ("client", "host")},
                walks=tuple(
                    Walk(walk["name"], {key: tuple(values) for key, values in walk["parameters"].items()}, walk["take"])
                    for walk in feed["walk"]
                ),
                dockets=tuple(re.compile(pattern) for pattern in feed["dockets"]),
                vocabulary=tuple(word.casefold() for word in feed["vocabulary"]),
            )
        except FileNotFoundError:
            raise CorpusInvalid(f"{path} is missing: it says which sources may be asked") from None
        except (KeyError, TypeError, ValueError, re.error) as error:
            raise CorpusInvalid(f"{path}: {type(error).__name__}: {error}") from None

    def concerns_aliens(self, text: str) -> bool:
        """Whether a title or summary holds a docket of an aliens case or a word of the field."""
        folded = text.casefold()
        return any(pattern.search(text) for pattern in self.dockets) or any(word in folded for word in self.vocabulary)
