"""The settings page as text: people, keys, sessions, the audit log and the settings of the server. Plain Python."""
