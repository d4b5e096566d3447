"""The doors: HTTP, pages, files and the command line, each as thin as paper over the ledger and its views."""
