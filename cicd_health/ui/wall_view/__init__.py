"""What the wall shows, in words: plain Python, no Reflex."""
