"""The real-network lab: computers, cables and faults on one machine, and the simulator held against them."""
