"""Measurements: each module `bench_*` here has `run()`, which returns rows (see `tests.bench.__main__.Row`)."""
