"""Other libraries for tamper-evident logs, in an environment of their own, spoken to by lines of JSON."""
