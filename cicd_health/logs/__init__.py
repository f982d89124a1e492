"""Logs, pure: bytes to lines, the failing lines among them, and the fingerprint of a failure."""
