"""One module a publisher: how documents are listed, fetched and licensed."""
