"""Killing the server with SIGKILL while clients submit jobs loses none and runs none twice."""

from __future__ import annotations

import api_clients
import pytest
from chore_studio import Studio


@pytest.mark.slow
def test_killed_server_loses_and_repeats_no_job(tmp_path):
    server = Studio(tmp_path)
    server.start()
    try:
        report = api_clients.run(server, clients=4, jobs=20)
    finally:
        server.kill()
    assert (report["requests"], report["lost"], report["twice"], report["clients that gave up"]) == (
        20,
        0,
        0,
        [],
    )
