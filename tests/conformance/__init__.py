"""What must hold of every implementation of something: of our ports' hosts, and of ZRE peers."""
