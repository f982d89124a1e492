"""What the Makefile needs before anything is installed: the standard library only."""
