"""What is true (documents, versions, ledger) and the generations in which it is served."""
