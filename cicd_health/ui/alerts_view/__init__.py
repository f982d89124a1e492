"""The alerts page as text: rows of the database to what each of its tabs shows. Plain Python."""
