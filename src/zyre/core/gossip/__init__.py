"""The gossip machine: tuples that spread through a loosely connected network. No clock, no sockets.

machine      routes: who sent what, and which part is concerned
table        the tuples: which of two is the later, what lapsed, what is remembered of those that are gone
leases       the publishers: who gave a sign of life when
neighbours   what is known of each neighbour, CZMQ's among them, whose echoes must not pass for news
resync       two tables compared by sums, so that only differences travel
rules        which command in which state leads to what: data
"""
