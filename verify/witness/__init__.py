"""The witness that a commission runs by itself: it cosigns a log's checkpoints as long as the log only grows."""
