"""A server that is killed with -9 while clients ask it for jobs: none is lost, none is made twice."""

from __future__ import annotations

import api_clients
import pytest
from chore_studio import Studio


@pytest.mark.slow
def test_nothing_is_lost_or_made_twice_when_the_server_is_killed(tmp_path):
    server = Studio(tmp_path)
    server.start()
    try:
        told = api_clients.run(server, clients=5, jobs=50)
    finally:
        server.kill()
    assert (told["requests"], told["lost"], told["twice"], told["clients that gave up"]) == (50, 0, 0, [])
