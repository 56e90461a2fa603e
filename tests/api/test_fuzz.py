"""A fuzzer reads the OpenAPI document and sends valid and invalid requests."""

from __future__ import annotations

import pytest
from chore_studio import Studio

from benchmarks import api_fuzz
from studio.api.app import create_api


@pytest.mark.slow
def test_fuzzing_causes_no_server_error(tmp_path):
    pytest.importorskip("schemathesis", reason="no schemathesis; pip install '.[dev]'")
    server = Studio(tmp_path)
    server.start()
    try:
        report = api_fuzz.fuzz(server, seed=1, examples=2)
    finally:
        server.kill()
    assert report["ended well"], report["report"]
    assert report["routes"] == sum(map(len, create_api().openapi()["paths"].values()))
    assert (report["tracebacks in the server's log"], report["files left"]) == (0, 0)
