"""How fast it is, measured beside what the same server can do at most: `make bench`."""
