"""Who can reach the cluster, and what the server carries."""

from __future__ import annotations

import os
import socket
import ssl

import psutil
import pytest
from distributed import Client, Security
from sown import sown

from studio.engine import Engine


def _listening() -> list[tuple[str, int]]:
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    found = []
    for process in family:
        try:
            found += [c.laddr for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        except psutil.Error:
            continue
    return [(address.ip, address.port) for address in found]


def test_the_cluster_listens_on_this_machine_alone(engine, do, finished):
    finished(do())
    listening = _listening()
    assert len(listening) >= 5
    assert {ip for ip, _ in listening} == {"127.0.0.1"}


def _scheduler_address(engine) -> str:
    return engine._cluster._client.scheduler.address


def test_the_scheduler_refuses_who_has_no_certificate(engine, do, finished):
    finished(do())
    address = _scheduler_address(engine)
    assert address.startswith("tls://")
    stranger = Security.temporary()
    with pytest.raises(OSError):
        Client(address, security=stranger, timeout=2, set_as_default=False)
    with pytest.raises(OSError):
        Client(address.replace("tls:", "tcp:"), timeout=2, set_as_default=False)
    assert engine.status() == "ready"


def test_the_scheduler_speaks_tls_and_asks_for_a_certificate(engine, do, finished):
    finished(do())
    host, _, port = _scheduler_address(engine).removeprefix("tls://").partition(":")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection((host, int(port)), timeout=5)
    with pytest.raises(OSError), plain, context.wrap_socket(plain) as wrapped:
        wrapped.sendall(b"x" * 64)
        while wrapped.recv(1024):
            pass
        raise ConnectionError("closed")  # TLS 1.3 may refuse by closing


@pytest.mark.slow
def test_warm_workers_hold_keras_and_the_server_does_not(home, chores, until):
    engine = Engine()
    try:
        seen = until(lambda: engine.status() in ("warming up", "ready") and engine.status())
        assert seen == "warming up"
        until(lambda: engine.status() == "ready")
        modules = engine.live("chores.modules", chores.ChoreSettings(), {}, "me").data.split()
        assert b"keras" in modules
        assert b"streamlit" not in modules
    finally:
        engine.close()


def test_the_engine_runs_nothing_that_lies_in_the_folder_where_it_is_started(
    home, start, chores, until, tmp_path, monkeypatch
):
    folder, met = sown(tmp_path)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}{os.pathsep}")  # whose end means this folder
    engine = start()
    try:
        until(lambda: met() or engine.status() == "ready")
        assert met() == []
        assert engine.live("chores.modules", chores.ChoreSettings(), {}, "me").data
    finally:
        engine.close()
    assert met() == []
