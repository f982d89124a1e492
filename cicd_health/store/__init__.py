"""The only SQL. Functions take a session first; the caller commits."""
