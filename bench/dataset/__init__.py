"""A believable history of two years, as large as wanted, in PostgreSQL; and the same rows in SQLite."""
