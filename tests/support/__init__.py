"""What tests need around them: the network they run in."""
