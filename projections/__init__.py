"""The read side: tables folded from the entries of the log, which can be thrown away and made anew at any time."""
