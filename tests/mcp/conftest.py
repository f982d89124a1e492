"""The HTTP side, as the tests of the API have it."""

from tests.api.conftest import client, configured, everything, hub

__all__ = ["client", "configured", "everything", "hub"]
