"""The write side: aggregates that decide, and the ledger that records what they decided."""
