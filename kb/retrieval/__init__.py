"""How a question finds its passages: algorithms over the ports, without a vendor's name."""
