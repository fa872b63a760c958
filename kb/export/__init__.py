"""What leaves the knowledge base: memos and references in the formats of other programs."""
