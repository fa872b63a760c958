"""What we hold and how it is searched: domain, law, retrieval, store and the adapters behind their ports."""
