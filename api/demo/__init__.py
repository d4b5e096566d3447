"""The demonstration: one whole inspection round through the HTTP API, exported and verified."""
