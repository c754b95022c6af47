"""Fuzzing: every decoder under coverage guidance (``python -m tests.fuzz``), and a running node (``tests.fuzz.live``).

The property tests of tests/wire and tests/core try the same decoders with hypothesis in every run of the suite; here is
what runs for as long as one likes.
"""
