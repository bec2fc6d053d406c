"""What became of the answers that a verify run asked for again: how far they are from the recorded ones. Pure."""
