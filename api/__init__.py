"""The same search through three doors: JSON, pages, command line."""
