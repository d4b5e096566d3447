"""Measurements: each module `bench_*` has `run(scale)`, which returns rows (see `tests.bench.compare.Row`)."""
