"""Country names in Dutch and English to ISO 3166 alpha-2 codes and back: those of the domain, under the name that the doors use."""

from kb.domain.countries import LANGUAGES, code, name, names

__all__ = ["LANGUAGES", "code", "name", "names"]
