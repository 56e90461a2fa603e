"""Messages of a worker about unexpected errors."""

from __future__ import annotations

from studio.engine.cluster import worker


def test_changed_code_asks_for_a_restart(home, monkeypatch):
    error = AttributeError("no load_cleaner")
    monkeypatch.setattr(worker, "_START_TIME", float("inf"))
    assert "fault of the studio itself (AttributeError)" in worker.describe_error(error, "Faces")
    monkeypatch.setattr(worker, "_START_TIME", 0.0)
    assert worker.describe_error(error, "Faces").endswith("Restart the studio.")
