"""The payload fields that both Qdrant adapters index: those that are filtered or counted. Each costs the embedded engine about
0.1 s of a build and ten files, so a field that is only carried (`passage_id`) is not among them."""

KEYWORDS = ("document_id", "kind", "court", "states", "language", "voice", "track", "text_status", "nationalities")
INTEGERS = ("decided_first", "decided_last")
