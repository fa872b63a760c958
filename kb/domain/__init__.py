"""The field's nouns, parsed once and then trusted. Nothing here reads a file, a clock or a network."""
