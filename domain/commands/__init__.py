"""The commands of the ledger, one file per noun."""
