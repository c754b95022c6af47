"""Other implementations of ZRE, each in its own process, for our own to be tested against."""
