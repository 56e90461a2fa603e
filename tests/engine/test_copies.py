"""What is held of finished jobs: the least used one goes first, and never more than there is memory for."""

from __future__ import annotations

from types import SimpleNamespace

from studio.engine.jobs import copies


def test_the_least_used_go_first_and_what_is_forgotten_leaves_its_place(monkeypatch):
    made = []

    def copy(job, *_):
        made.append(job.id)
        return SimpleNamespace(id=job.id, finished=True)

    monkeypatch.setattr(copies, "_copy", copy)
    monkeypatch.setattr(copies, "_weight", lambda job: 31 if job.id == "large" else 10)
    monkeypatch.setattr(copies, "MOST_BYTES", 30)
    held = copies.Copies()

    def look(*ids: str) -> list[str]:
        """Those that had to be read from the disk."""
        made.clear()
        for id in ids:
            held.of(SimpleNamespace(id=id, finished=True), None, 0, None)
        return list(made)

    assert look("a", "b", "c", "a", "large", "large") == ["a", "b", "c", "large", "large"]
    assert look("d", "a", "c", "b") == ["d", "b"], "b was the least used when d came"
    held.forget("a"), held.forget("never there")
    assert look("e", "b", "c", "e") == ["e"], "e took the place of a"
