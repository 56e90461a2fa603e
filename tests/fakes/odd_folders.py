"""Malformed job folders, each made from a valid one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _set_json(name: str, **values: Any) -> Callable[[Path], None]:
    def corrupt(folder: Path) -> None:
        path = folder / f"{name}.json"
        path.write_text(json.dumps(json.loads(path.read_bytes()) | values))

    return corrupt


def _change_result(**values: Any) -> Callable[[Path], None]:
    def corrupt(folder: Path) -> None:
        path = folder / "outcome.json"
        record = json.loads(path.read_bytes())
        path.write_text(json.dumps(record | {"result": record["result"] | values}))

    return corrupt


def _write(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data) and None


def _rename_folder(name: bytes) -> Callable[[Path], None]:
    return lambda folder: os.rename(os.fsencode(folder), os.fsencode(folder.parent) + b"/" + name)  # noqa: PTH104


def _replace_by_pipe(name: str) -> Callable[[Path], None]:
    def corrupt(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return corrupt


FILE = {"digest": "ab" * 32, "kind": "image", "name": "a.png"}
CORRUPTIONS: dict[str, Callable[[Path], None]] = {
    "settings are a list": _set_json("job", settings=[]),
    "settings are none": _set_json("job", settings=None),
    "the title is a number": _set_json("job", title=5),
    "the task is a list": _set_json("job", task=["style.transfer"]),
    "the owner is a number": _set_json("job", owner=5),
    "the owner is an object": _set_json("job", owner={}),
    "made at the end of time": _set_json("job", created=1e300),
    "made before time": _set_json("job", created=-1e300),
    "made at no number": _set_json("job", created=float("nan")),
    "made at a word": _set_json("job", created="noon"),
    "made at true": _set_json("job", created=True),
    "inputs are a list": _set_json("job", inputs=[1]),
    "an input is a number": _set_json("job", inputs={"content": [5]}),
    "an input has no digest": _set_json("job", inputs={"content": [FILE | {"digest": "../../etc/passwd"}]}),
    "an input of no kind": _set_json("job", inputs={"content": [FILE | {"kind": "song"}]}),
    "the name of an input is a list": _set_json("job", inputs={"content": [FILE | {"name": []}]}),
    "the lane is a number": _set_json("job", lane=3),
    "weights are a list": _set_json("job", weights=[1]),
    "the job is a list": _write("job.json", b"[]"),
    "the job is noise": _write("job.json", b"\xff\xfe\0noise"),
    "the job is deep": _write("job.json", b'{"a":' + b"[" * 200_000),
    "the job is deep inside": _write("job.json", b'{"owner":"local","a":' + b"[" * 900 + b"]" * 900 + b"}"),
    "half a letter": _write("job.json", b'{"owner": "local", "title": "\\ud800"}'),
    "a number of 9,000 digits": _write("job.json", b'{"owner": "local", "created": ' + b"9" * 9000 + b"}"),
    "the job is a folder": lambda folder: (folder / "job.json").unlink() or (folder / "job.json").mkdir(),
    "the job is a pipe": _replace_by_pipe("job.json"),
    "no job": lambda folder: (folder / "job.json").unlink(),
    "the outcome is noise": _write("outcome.json", b"\xff\xfe\0noise"),
    "the outcome is deep": _write("outcome.json", b'{"result":' + b"[" * 200_000),
    "the outcome is nothing": _write("outcome.json", b"{}"),
    "the outcome is a pipe": _replace_by_pipe("outcome.json"),
    "the result is null": _set_json("outcome", result=None),
    "the result is a number": _set_json("outcome", result=5),
    "the error is a number": _set_json("outcome", error=5),
    "files are a number": _change_result(files=5),
    "a file is a word": _change_result(files=["a.png"]),
    "the name of a file is a number": _change_result(files=[FILE | {"name": 5}]),
    "the digest of a file is a path": _change_result(files=[FILE | {"digest": "../job.json"}]),
    "figures are a list": _change_result(figures=[1]),
    "notes are a number": _change_result(figures={"notes": 5}),
    "cells are a number": _change_result(figures={"cells": 5}),
    "a cell has a strange recipe": _change_result(figures={"cells": [{"label": "a", "recipe": {"task": 5}}]}),
    "the recipe is a word": _change_result(recipe="mine"),
    "stopped at a word": _change_result(stopped_early="yes"),
    "a name that is no UTF-8": _rename_folder(b"caf\xe9"),
    "a name with a new line": _rename_folder(b"a\nb"),
}  # fmt: skip
# Data in state.json can be recovered from other files.
RECOVERABLE: dict[str, Callable[[Path], None]] = {
    "the state is a list": _write("state.json", b"[]"),
    "the state is a number": _set_json("state", state=5),
    "begun at a word": _set_json("state", started="noon"),
    "ended at the end of time": _set_json("state", ended=1e300),
    "tried a word": _set_json("state", tries="often"),
    "the report is a list": _set_json("state", report=[1]),
    "a step below nothing": _set_json("state", report={"step": -5, "total": 3}),
    "steps without end": _set_json("state", report={"step": 10**400, "total": 3}),
}  # fmt: skip
