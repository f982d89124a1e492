"""The HTTP side: webhooks and ingest in, REST and live socket out, and the door in front of everything."""
