"""The rules that a stranger can check: everything here runs alone, from the published bytes."""

VERSION = "0.1.0"
