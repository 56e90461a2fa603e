"""Whether this machine has what the studio needs, and how fast it is."""
