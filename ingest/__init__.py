"""From a publisher's bytes to indexed passages. Runs in the builder process, never in the server."""
