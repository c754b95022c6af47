"""How fast, beside others: ``python -m bench`` runs every contestant in turn and prints ratios.

Absolute numbers of a shared machine say little, so every round runs all contestants one after the other, and what
counts is the ratio to libzyre of the same round, with its spread. Everything runs in a private network.
"""
