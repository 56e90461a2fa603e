"""A free port for a server of a test."""

from __future__ import annotations

import socket


def find_free_port() -> int:
    """Returns a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
