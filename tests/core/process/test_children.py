"""Child processes import this studio and nothing from the folder where they start."""

from __future__ import annotations

import os
import subprocess

import pytest
from sown import sown

from studio.core.process import children


@pytest.mark.parametrize("named", [None, "", os.pathsep, f"{os.pathsep}/nowhere"])
def test_a_child_runs_nothing_that_lies_where_it_starts(tmp_path, monkeypatch, named):
    folder, met = sown(tmp_path)
    if named is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", named)
    code = "import subprocess, sys, studio.core; subprocess.run([sys.executable, '-c', 'import dask'])"
    command = children.command("-c", code)
    done = subprocess.run(command, cwd=folder, env=children.environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert met() == []


def test_a_folder_that_the_person_named_is_found_from_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "mine")
    command = children.command("-c", "import own")
    subprocess.run(command, cwd="/", env=children.environment(MORE="1"), check=True)
    assert children.environment(MORE="1")["MORE"] == "1"
