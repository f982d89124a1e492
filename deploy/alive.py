"""Whether the server in this container answers: exit code 0 or 1. Asked every few seconds, so it loads little."""

import os
import socket
import sys

ASK_WITHIN_S = 4


def answers(port: int) -> bool:
    """Whether `GET /health` on this port is answered with 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), ASK_WITHIN_S) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(int(os.environ.get("PORT") or os.environ.get("BACKEND_PORT") or 3000)) else 1)
