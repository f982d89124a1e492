"""The field's words, as plain Python: no database, no network, nothing of ours but itself."""
