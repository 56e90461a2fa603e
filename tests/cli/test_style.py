"""`studio style` with the real weights, as scripts run it."""

from __future__ import annotations

import json

import pytest

from studio.core.imaging import image_io


@pytest.mark.slow
def test_style_prints_one_json_object_and_can_be_replayed(weights_home, tmp_path, start_command):
    argv = ["style", "sample:chelsea", "sample:mosaic", "-o", "out.png", "--size", "128", "--json"]
    process = start_command(*argv, cwd=tmp_path)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["path"] == "out.png"
    assert max(image_io.read(tmp_path / "out.png").shape) == 128
    again = start_command("replay", "out.png", "--verify", cwd=tmp_path)
    assert again.communicate(timeout=300) == ("identical\n", "")
