"""Every error a user can meet. `code` is stable and public; the message says what was wrong, quotes it, and says what to do.

KbError
├── InvalidIdentifier      not an ECLI, passage id, date or pinpoint
├── InvalidQuery           a query or filter that cannot be answered
├── NotFound               no such document or passage in this corpus
├── CorpusInvalid          a file under corpus/ breaks its schema
├── SettingsInvalid        an unknown or impossible KB_* setting
├── InputRejected          an input that cannot be read; `reason` goes into the ledger
├── StoreError
│   ├── StoreEmpty         no generation yet: run `dublin-kb ingest`
│   ├── StoreDamaged       a generation whose files differ from its manifest
│   ├── StoreBusy          another process is building
│   ├── StoreUnavailable   the Qdrant server does not answer (retryable)
│   └── NoSpace            too little room for a new generation
├── ModelError
│   ├── ModelMissing       the configured model cannot be loaded
│   ├── VectorSpaceMismatch  the index holds vectors of another model
│   └── LanguageModelFailed  the optional language model does not answer (retryable)
└── UnresolvedCitation     a cited passage that is not in the store
"""

from typing import ClassVar


class KbError(Exception):
    """Root of the tree."""

    code: ClassVar[str] = "kb-error"
    retryable: ClassVar[bool] = False


class InvalidIdentifier(KbError):
    code = "invalid-identifier"


class InvalidQuery(KbError):
    code = "invalid-query"


class NotFound(KbError):
    code = "not-found"


class CorpusInvalid(KbError):
    code = "corpus-invalid"


class SettingsInvalid(KbError):
    code = "settings-invalid"


class InputRejected(KbError):
    """An input that cannot become a document. `reason` is one of the ledger's stable words (`pdf-broken`, `empty`, …)."""

    code = "input-rejected"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StoreError(KbError):
    code = "store-error"


class StoreEmpty(StoreError):
    code = "store-empty"


class StoreDamaged(StoreError):
    code = "store-damaged"


class StoreBusy(StoreError):
    code = "store-busy"
    retryable = True


class StoreUnavailable(StoreError):
    code = "store-unavailable"
    retryable = True


class NoSpace(StoreError):
    code = "no-space"


class ModelError(KbError):
    code = "model-error"


class ModelMissing(ModelError):
    code = "model-missing"


class VectorSpaceMismatch(ModelError):
    code = "vector-space-mismatch"


class LanguageModelFailed(ModelError):
    code = "language-model-failed"
    retryable = True


class UnresolvedCitation(KbError):
    code = "unresolved-citation"
