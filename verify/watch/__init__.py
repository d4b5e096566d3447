"""The watcher: follows a log over its public HTTP, verifies what is new, and remembers what it must to go on from there."""
