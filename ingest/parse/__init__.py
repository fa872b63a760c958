"""One module a publisher's format: bytes to text with passages, pinpoints, headings and voices."""
