"""The container image includes everything that the wheel is made of."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
IGNORED = (ROOT / ".dockerignore").read_text("utf-8").split()


def find_copied_paths() -> set[str]:
    return {word for line in re.findall(r"^COPY (.*) \S+$", IMAGE, re.MULTILINE) for word in line.split()}


def test_the_image_copies_the_sources_of_the_wheel():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    folders = {*wheel["packages"], *(source.partition("/")[0] for source in wheel["force-include"])}
    assert folders | {"pyproject.toml", project["project"]["readme"]} <= find_copied_paths()


def test_copied_paths_exist_and_are_not_ignored():
    for name in find_copied_paths():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in IGNORED, name
