"""Who can reach the cluster, which files it writes, and what the server process loads."""

from __future__ import annotations

import os
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from distributed import Security
from shadowing_files import write_shadowing_files

from studio.engine import Engine

pytestmark = pytest.mark.slow


def _list_listening_addresses() -> list[tuple[str, int]]:
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    addresses = []
    for process in family:
        try:
            addresses += [c.laddr for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        except psutil.Error:
            continue
    return [(address.ip, address.port) for address in addresses]


def test_cluster_listens_on_loopback_only(engine, queue_chore, wait_for_job):
    wait_for_job(queue_chore())
    listening = _list_listening_addresses()
    assert len(listening) >= 5
    assert {ip for ip, _ in listening} == {"127.0.0.1"}


def _list_ports(engine) -> list[int]:
    """Returns the ports of the scheduler, the nannies and their workers."""
    client = engine._cluster._client
    workers = client.scheduler_info(n_workers=-1)["workers"]
    addresses = [*workers, *(worker["nanny"] for worker in workers.values()), client.scheduler.address]
    assert len(addresses) >= 5 and all(address.startswith("tls://127.0.0.1:") for address in addresses)
    return [int(address.rpartition(":")[2]) for address in addresses]


def _find_tls_error(port: int, mine: Security | None, folder: Path) -> str:
    """Returns how a TLS port rejects a client with this certificate or none, "" if it accepts."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if mine is not None:
        (folder / "mine.pem").write_text(mine.tls_client_cert + mine.tls_client_key)
        context.load_cert_chain(folder / "mine.pem")
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as wrapped:
        wrapped.settimeout(1)
        try:
            wrapped.recv(1024)  # TLS 1.3 tells a client only here
        except TimeoutError:
            return ""  # it waits for the client
        except ssl.SSLError as error:
            return error.reason
    return ""


@pytest.mark.parametrize("has_one, reason", [(False, "CERTIFICATE_REQUIRED"), (True, "UNKNOWN_CA")])
def test_every_port_requires_the_cluster_certificate(
    engine, queue_chore, wait_for_job, tmp_path, has_one, reason
):
    wait_for_job(queue_chore())
    stranger = Security.temporary() if has_one else None
    refusals = [_find_tls_error(port, stranger, tmp_path) for port in _list_ports(engine)]
    assert all(refusal.endswith(reason) for refusal in refusals), refusals
    assert engine.status() == "ready"


@pytest.mark.parametrize("asks", [False, True])
def test_check_detects_a_server_without_client_certificates(tmp_path, asks):
    own = Security.temporary()
    (tmp_path / "own.pem").write_text(own.tls_client_cert + own.tls_client_key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=own.tls_ca_file)
    context.load_cert_chain(tmp_path / "own.pem")
    context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE

    def serve(listener: socket.socket) -> None:
        with suppress(OSError), listener.accept()[0] as plain, context.wrap_socket(plain, True) as wrapped:
            wrapped.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as thread:
        thread.submit(serve, listener)
        assert bool(_find_tls_error(listener.getsockname()[1], None, tmp_path)) is asks


def test_files_of_the_engine_are_private_and_below_its_home(
    home, start_engine, chores, until, tmp_path, monkeypatch
):
    outside = tmp_path / "temporary"
    outside.mkdir()
    modified = outside.stat().st_mtime_ns  # the time changes with each file that is added or removed
    monkeypatch.setenv("TMPDIR", str(outside))
    before = os.umask(0o022)
    engine = start_engine()
    try:
        jobs = [engine.submit("chores.do", chores.ChoreSettings(do=do), {}) for do in ("count", "fault")]
        until(lambda: all(engine.find_job(job.id).finished for job in jobs))
        readable = [path for path in home.rglob("*") if path.lstat().st_mode & 0o077]
        assert len(list(home.rglob("reports.jsonl"))) == 2 and readable == []
    finally:
        engine.close()
        os.umask(before)
    assert outside.stat().st_mtime_ns == modified


def test_live_lane_is_ready_before_keras_is_loaded(home, chores, until):
    engine = Engine()
    try:
        status = until(lambda: engine.status() in ("warming up", "ready") and engine.status())
        assert status == "warming up"
        until(lambda: engine.status() == "ready")
        modules = engine.run_live("chores.modules", chores.ChoreSettings(), {}, "me").data.split()
        assert b"ai_edge_litert" in modules
        assert not {b"keras", b"tensorflow", b"streamlit"} & {*modules}

        def of_a_job():
            job = engine.submit("chores.modules", chores.ChoreSettings(), {})
            until(lambda: engine.find_job(job.id).finished)
            return engine.find_job(job.id).result.files[0].read().split()

        assert b"streamlit" not in of_a_job()
        until(lambda: b"keras" in of_a_job())
    finally:
        engine.close()


def test_engine_imports_nothing_from_the_working_folder(
    home, start_engine, chores, until, tmp_path, monkeypatch
):
    folder, met = write_shadowing_files(tmp_path)
    monkeypatch.chdir(folder)
    # A trailing separator means this folder.
    monkeypatch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}{os.pathsep}")
    engine = start_engine()
    try:
        until(lambda: met() or engine.status() == "ready")
        assert met() == []
        assert engine.run_live("chores.modules", chores.ChoreSettings(), {}, "me").data
    finally:
        engine.close()
    assert met() == []
