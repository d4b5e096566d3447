"""Where entries are kept: one native file per database, joined by one contract."""
