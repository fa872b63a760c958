"""One module a publisher: how documents are listed, fetched and licensed; and the polite, safe client that asks."""
