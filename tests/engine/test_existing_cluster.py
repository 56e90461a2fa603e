"""STUDIO_SCHEDULER: the studio uses a cluster that it did not start."""

from __future__ import annotations

import dask
import pytest

from studio.engine.cluster.launch import Host


@pytest.fixture
def cluster(home, chores, tmp_path):
    """A cluster that the studio did not start, in Dask's configuration with its certificates."""
    host = Host(home, {"job": 450e6, "live": 450e6, "drive": 450e6}, 60)
    files = {"ca-file": host.security.tls_ca_file, "key": host.security.tls_client_key}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    own = {"cert": str(tmp_path / "ca-file"), "key": str(tmp_path / "key")}
    settings = {"distributed.comm.tls.ca-file": own["cert"], "distributed.comm.tls.client": own}
    with dask.config.set(settings):
        yield host
    host.close()


@pytest.mark.slow
def test_jobs_and_live_requests_run_on_an_existing_cluster(cluster, start_engine, chores, until, monkeypatch):
    monkeypatch.setenv("STUDIO_SCHEDULER", cluster.address)
    engine = start_engine()
    try:
        jobs = [engine.submit("chores.do", chores.ChoreSettings(pause=0.02), {}) for _ in range(2)]
        until(lambda: all(engine.find_job(job.id).state == "done" for job in jobs))
        first, second = (engine.find_job(job.id) for job in jobs)
        assert first.ended <= second.started
        assert engine.run_live("chores.do", chores.ChoreSettings(), {}, "me").data
    finally:
        engine.close()
    assert not cluster.wait(0.5), "a guest must not end the cluster"


def _read_down_status(start, until):
    engine = start()
    try:
        return until(lambda: engine.status().startswith("down") and engine.status())
    finally:
        engine.close()


@pytest.mark.slow
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1:9"])
def test_cluster_without_tls_is_rejected(cluster, start_engine, monkeypatch, until, address):
    monkeypatch.setenv("STUDIO_SCHEDULER", address)
    status = _read_down_status(start_engine, until)
    assert f"Invalid STUDIO_SCHEDULER: {address}. Use tls://HOST:PORT. " in status


def test_cluster_without_certificates_is_rejected(home, start_engine, monkeypatch, until):
    monkeypatch.setenv("STUDIO_SCHEDULER", "tls://127.0.0.1:9")
    assert "certificates" in _read_down_status(start_engine, until)


@pytest.mark.slow
def test_unreachable_cluster_is_reported(cluster, start_engine, monkeypatch, until):
    monkeypatch.setenv("STUDIO_SCHEDULER", "tls://127.0.0.1:9")
    monkeypatch.setattr("studio.engine.cluster.client.START_SECONDS", 1)
    status = _read_down_status(start_engine, until)
    assert "tls://127.0.0.1:9" in status and "\n" not in status
