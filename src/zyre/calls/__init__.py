"""Ask a peer, or a group, and get an answer.

Each file knows only those above it:

    wire        the octets of a request and of an answer, in the first frame of an ordinary WHISPER or SHOUT
    values      what applications see: Request, Reply
    asking      who was asked what, and who has answered: a machine without clock or lock
    serving     what is offered, who asked for it, and how much of it is done at a time: likewise
    hub         both for one node: takes what is theirs out of the node's events, under a lock, in any thread
    threads     waiting for answers in threads, and in the simulator's programs
    tasks       waiting for answers in asyncio and trio
    runners     serving there
    faces       what a node offers of it
"""
