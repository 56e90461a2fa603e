"""A fuzzer reads the API's own document and asks for all that it allows, and for what it does not."""

from __future__ import annotations

import pytest
from chore_studio import Studio

from benchmarks import api_fuzz
from studio.api.app import create


@pytest.mark.slow
def test_a_fuzzer_finds_no_fault(tmp_path):
    pytest.importorskip("schemathesis", reason="no schemathesis; pip install '.[dev]'")
    server = Studio(tmp_path)
    server.start()
    try:
        found = api_fuzz.run(server, seed=1, examples=4)
    finally:
        server.kill()
    assert found["ended well"], found["report"]
    assert found["routes"] == sum(map(len, create().openapi()["paths"].values()))
    assert (found["tracebacks in the server's log"], found["files left"]) == (0, 0)
