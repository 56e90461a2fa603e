"""The container image includes everything that the wheel is made of."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
IGNORED = (ROOT / ".dockerignore").read_text("utf-8").split()


def copied() -> set[str]:
    return {word for line in re.findall(r"^COPY (.*) \S+$", IMAGE, re.MULTILINE) for word in line.split()}


def test_the_image_copies_what_the_wheel_is_made_of():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    folders = {*wheel["packages"], *(source.partition("/")[0] for source in wheel["force-include"])}
    assert folders | {"pyproject.toml", project["project"]["readme"]} <= copied()


def test_all_that_is_copied_is_there_and_let_through():
    for name in copied():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in IGNORED, name
