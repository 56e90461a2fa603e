"""Malformed job folders, each made from a valid one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _changed(name: str, **values: Any) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        path = folder / f"{name}.json"
        path.write_text(json.dumps(json.loads(path.read_bytes()) | values))

    return harm


def _result(**values: Any) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        path = folder / "outcome.json"
        record = json.loads(path.read_bytes())
        path.write_text(json.dumps(record | {"result": record["result"] | values}))

    return harm


def _put(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data) and None


def _renamed(name: bytes) -> Callable[[Path], None]:
    return lambda folder: os.rename(os.fsencode(folder), os.fsencode(folder.parent) + b"/" + name)  # noqa: PTH104


def _piped(name: str) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return harm


FILE = {"digest": "ab" * 32, "kind": "image", "name": "a.png"}
HARMS: dict[str, Callable[[Path], None]] = {
    "settings are a list": _changed("job", settings=[]),
    "settings are none": _changed("job", settings=None),
    "the title is a number": _changed("job", title=5),
    "the task is a list": _changed("job", task=["style.transfer"]),
    "the owner is a number": _changed("job", owner=5),
    "the owner is an object": _changed("job", owner={}),
    "made at the end of time": _changed("job", created=1e300),
    "made before time": _changed("job", created=-1e300),
    "made at no number": _changed("job", created=float("nan")),
    "made at a word": _changed("job", created="noon"),
    "made at true": _changed("job", created=True),
    "inputs are a list": _changed("job", inputs=[1]),
    "an input is a number": _changed("job", inputs={"content": [5]}),
    "an input has no digest": _changed("job", inputs={"content": [FILE | {"digest": "../../etc/passwd"}]}),
    "an input of no kind": _changed("job", inputs={"content": [FILE | {"kind": "song"}]}),
    "the name of an input is a list": _changed("job", inputs={"content": [FILE | {"name": []}]}),
    "the lane is a number": _changed("job", lane=3),
    "weights are a list": _changed("job", weights=[1]),
    "the job is a list": _put("job.json", b"[]"),
    "the job is noise": _put("job.json", b"\xff\xfe\0noise"),
    "the job is deep": _put("job.json", b'{"a":' + b"[" * 200_000),
    "the job is deep inside": _put("job.json", b'{"owner":"local","a":' + b"[" * 900 + b"]" * 900 + b"}"),
    "half a letter": _put("job.json", b'{"owner": "local", "title": "\\ud800"}'),
    "a number of 9,000 digits": _put("job.json", b'{"owner": "local", "created": ' + b"9" * 9000 + b"}"),
    "the job is a folder": lambda folder: (folder / "job.json").unlink() or (folder / "job.json").mkdir(),
    "the job is a pipe": _piped("job.json"),
    "no job": lambda folder: (folder / "job.json").unlink(),
    "the outcome is noise": _put("outcome.json", b"\xff\xfe\0noise"),
    "the outcome is deep": _put("outcome.json", b'{"result":' + b"[" * 200_000),
    "the outcome is nothing": _put("outcome.json", b"{}"),
    "the outcome is a pipe": _piped("outcome.json"),
    "the result is null": _changed("outcome", result=None),
    "the result is a number": _changed("outcome", result=5),
    "the error is a number": _changed("outcome", error=5),
    "files are a number": _result(files=5),
    "a file is a word": _result(files=["a.png"]),
    "the name of a file is a number": _result(files=[FILE | {"name": 5}]),
    "the digest of a file is a path": _result(files=[FILE | {"digest": "../job.json"}]),
    "figures are a list": _result(figures=[1]),
    "notes are a number": _result(figures={"notes": 5}),
    "cells are a number": _result(figures={"cells": 5}),
    "a cell has a strange recipe": _result(figures={"cells": [{"label": "a", "recipe": {"task": 5}}]}),
    "the recipe is a word": _result(recipe="mine"),
    "stopped at a word": _result(stopped_early="yes"),
    "a name that is no UTF-8": _renamed(b"caf\xe9"),
    "a name with a new line": _renamed(b"a\nb"),
}  # fmt: skip
# Data in state.json can be recovered from other files.
MENDED: dict[str, Callable[[Path], None]] = {
    "the state is a list": _put("state.json", b"[]"),
    "the state is a number": _changed("state", state=5),
    "begun at a word": _changed("state", started="noon"),
    "ended at the end of time": _changed("state", ended=1e300),
    "tried a word": _changed("state", tries="often"),
    "the report is a list": _changed("state", report=[1]),
    "a step below nothing": _changed("state", report={"step": -5, "total": 3}),
    "steps without end": _changed("state", report={"step": 10**400, "total": 3}),
}  # fmt: skip
