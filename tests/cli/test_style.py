"""`studio style` with the real weights, as scripts run it."""

from __future__ import annotations

import json

import pytest

from studio.core.imaging import image_io


@pytest.mark.slow
def test_style_prints_one_json_object_and_can_be_replayed(
    weights_home, tmp_path, start_command, run_command, monkeypatch
):
    argv = ["style", "sample:chelsea", "sample:mosaic", "-o", "out.png", "--size", "128", "--json"]
    process = start_command(*argv, cwd=tmp_path)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["path"] == "out.png"
    assert max(image_io.read(tmp_path / "out.png").shape) == 128
    monkeypatch.chdir(tmp_path)
    assert run_command("replay", "out.png", "--verify") == (0, "identical\n", "")
