"""The real host: sockets of libzmq and UDP, one background thread for all nodes of a process.

Whoever holds a node's lock may step its machine and use its sockets: verbs send in the caller's own thread, and the
engine thread takes the same lock to receive. See host.py for the way of a message in and out.
"""
