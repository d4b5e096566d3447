"""The audit: what many draws together say about fairness, with exact chances and with what they cannot show."""
