"""The payload fields that both Qdrant adapters index; a field that is not here cannot be filtered."""

KEYWORDS = ("passage_id", "document_id", "kind", "court", "states", "language", "voice", "track", "text_status", "nationalities", "dated")
INTEGERS = ("decided_first", "decided_last")
