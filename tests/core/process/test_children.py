"""Child processes import this studio and nothing from the folder where they start."""

from __future__ import annotations

import os
import subprocess

import pytest
from shadowing_files import write_shadowing_files

from studio.core.process import children


@pytest.mark.parametrize("python_path", [None, "", os.pathsep, f"{os.pathsep}/nowhere"])
def test_a_child_imports_nothing_from_its_working_folder(tmp_path, monkeypatch, python_path):
    folder, find_imported = write_shadowing_files(tmp_path)
    if python_path is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", python_path)
    code = "import subprocess, sys, studio.core; subprocess.run([sys.executable, '-c', 'import dask'])"
    command = children.build_command("-c", code)
    process = subprocess.run(
        command, cwd=folder, env=children.build_environment(), capture_output=True, text=True
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert find_imported() == []


def test_a_relative_python_path_works_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "mine")
    command = children.build_command("-c", "import own")
    subprocess.run(command, cwd="/", env=children.build_environment(MORE="1"), check=True)
    assert children.build_environment(MORE="1")["MORE"] == "1"
