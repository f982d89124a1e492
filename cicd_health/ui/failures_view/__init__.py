"""The failures page as text: kinds of failure, narrowed, sorted and cut to a page. Plain Python."""
