"""Another machine on which the work is done: its studio is asked over HTTP, the results come here.

What it answers is validated before anything else, because any server can answer.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from functools import cached_property
from os import PathLike
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from studio.core import paths, recipes
from studio.core.data import builders, sample_sets
from studio.core.errors import Cancelled, InvalidInput, StudioError, Unavailable, invalid, printable
from studio.core.files import Kind
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Result, Slot, Task
from studio.core.version import VERSION
from studio.core.weights.index import Sha256
from studio.run import input_files
from studio.run.http_client import Client
from studio.run.machine import Machine

TOKEN = "STUDIO_SERVER_TOKEN"
LOOK_SECONDS = 0.5  # between two looks at a job, and at whether Ctrl-C was pressed


_MOST_FILES = 10_000  # of one result
_Name = Annotated[str, Field(max_length=1000)]


class _Answer(BaseModel):
    """A part of an answer; what a later version adds is ignored."""

    model_config = ConfigDict(frozen=True)


class Health(_Answer):
    """How a studio is. The version comes first: one of another version may answer otherwise."""

    version: str | None = None
    status: str = ""


class Model(_Answer):
    """A trained model, with the names that it had before."""

    name: _Name
    former: list[_Name]


class Uploaded(_Answer):
    """A file that the other studio has kept."""

    id: Sha256


class RemoteFile(_Answer):
    """A file of a result; its SHA-256 becomes a path here."""

    id: Sha256
    kind: Kind
    name: _Name


class RemoteResult(_Answer):
    """What a job made."""

    files: Annotated[list[RemoteFile], Field(min_length=1, max_length=_MOST_FILES)]
    figures: dict[str, Any]
    recipe: dict[str, Any] | None
    stopped_early: bool


class RemoteJob(_Answer):
    """A job as it stands."""

    id: Annotated[str, Field(pattern=r"^[\w-]{1,100}$")]
    state: str
    finished: bool
    place: int
    step: int
    total: int
    text: str
    metrics: dict[str, float | None]
    error: str
    result: RemoteResult | None


_JOB = TypeAdapter(RemoteJob)


class Remote(Machine):
    """The studio at an address.

    Inputs are read and looked over here, then sent, unless the other studio has them already. A job continues
    there when the connection is lost, and is found again by its number; a submit that is sent again bears its
    idempotency key.

    Args:
        url: of its pages, as `http://box:8501`.
        token: as `studio token` prints it there; what STUDIO_SERVER_TOKEN holds if none is given.

    Raises:
        InvalidInput: if there is no token, the address is none or of something else, or the studio there is
            of another version.
        Unavailable: if it does not answer, or does not take the token.
    """

    def __init__(self, url: str, token: str = ""):
        token = token or os.environ.get(TOKEN, "")
        if not token:
            step = f"give the one that `studio token` prints there, or set {TOKEN} to it"
            raise invalid("token", expected="one for the other studio", received="none", next_step=step)
        self._client = Client(url, token)
        health = self._client.json(TypeAdapter(Health), "GET", "/health", Progress(), again=False)
        if health.version != VERSION:
            step = "install the same one on both machines"
            shown = f"studio at {self._client.url}"
            raise invalid(shown, expected=f"version {VERSION}", received=health.version, next_step=step)
        if health.status.startswith("down"):
            raise Unavailable(f"The studio at {self._client.url} is {printable(health.status, 1000)}")

    @cached_property
    def _models(self) -> list[str]:
        models = self._client.json(TypeAdapter(list[Model]), "GET", "/models", Progress())
        return [name for model in models for name in (model.name, *model.former)]

    def knows(self, name: str) -> bool:
        """Whether the other studio has a model of a name, or one that was called so."""
        return name in self._models

    def read(self, slot: Slot, value: Any, labels: str | None = None) -> File:
        """As here. What the other studio has by this name stays there; data sets have to be one file.

        Returns:
            The kept file; of a model there one without a digest.
        """
        if isinstance(value, str) and slot.kind == "model" and self.knows(value):
            return File("", "model", value)
        is_path = isinstance(value, str | PathLike)
        if slot.kind == "dataset" and is_path and not str(value).startswith(sample_sets.PREFIX):
            return _packed(str(value))
        return input_files.read(slot, value, labels)

    def check(self, name: str, settings: Settings, inputs: Inputs) -> None:
        """Nothing: the other studio does that, once it is asked."""

    def take_up(
        self, name: str, settings: Settings, inputs: Inputs, goes_on: bool | None, quiet: bool
    ) -> None:
        """A training run continues there unasked. Raises `InvalidInput` if it shall not."""
        if goes_on is False:
            step = "leave it out"
            raise invalid("`resume`", expected="none for another machine", received="no", next_step=step)

    def run(self, task: Task, settings: Settings, inputs: Inputs, progress: Progress | None = None) -> Result:
        """Runs a task there and keeps its files here.

        Raises:
            StudioError: if the other studio refuses, with its own sentence, if the job fails there, or if
                nobody has answered for minutes.
            Cancelled: if a user asked to stop and there is no best so far.
        """
        progress = progress or Progress()
        asked = {
            "task": task.name,
            "settings": settings.portable(settings.model_dump(mode="json")),
            "inputs": {
                slot: [self._sent(file, progress) for file in files] for slot, files in inputs.items()
            },
        }
        key = {"Idempotency-Key": secrets.token_hex(16)}
        job = self._job("POST", "", progress, json=asked, headers=key)
        stopped = False
        while not job.finished:
            try:
                _tell(job, progress)
                job = self._job("GET", f"/{job.id}", progress, params={"wait": LOOK_SECONDS})
            except Cancelled:
                stopped, progress = True, progress.deaf()
                job = self._job("POST", f"/{job.id}/stop", progress)
        if job.result is None:
            raise Cancelled if stopped else StudioError(printable(job.error, 1000))
        result = self._job("GET", f"/{job.id}", progress, params={"all_figures": "true"}).result
        if result is None:
            raise StudioError("The other studio no longer has the result. Run it again.")
        return self._result(result, progress)

    def _job(self, method: str, path: str, progress: Progress, **more: Any) -> RemoteJob:
        return self._client.json(_JOB, method, f"/jobs{path}", progress, **more)

    def _sent(self, file: File, progress: Progress) -> dict[str, str] | str:
        if not file.digest:
            return file.name
        told = {"id": file.digest, "name": file.name}
        with suppress(Unavailable, InvalidInput):  # of a HEAD nobody is told why
            self._client.ask("HEAD", f"/files/{file.digest}", progress)
            return told
        progress.stage(f"Sending {printable(file.name, 40)}")
        params = {"kind": file.kind, "name": file.name}
        sent = self._client.json(
            TypeAdapter(Uploaded), "POST", "/files", progress, body=file.path, params=params
        )
        return {**told, "id": sent.id}

    def _result(self, told: RemoteResult, progress: Progress) -> Result:
        return Result(
            tuple(self._kept(file, progress) for file in told.files),
            told.figures,
            None if told.recipe is None else recipes.read(json.dumps(told.recipe).encode()),
            told.stopped_early,
        )

    def _kept(self, told: RemoteFile, progress: Progress) -> File:
        digest, kind, name = told.id, told.kind, told.name
        if paths.is_kept(digest):
            return File.keep(paths.kept(digest).read_bytes(), kind, name)
        progress.stage(f"Fetching {printable(name, 40)}")
        file = File.keep(self._client.fetch(f"/files/{quote(digest)}?kind={kind}", progress), kind, name)
        if file.digest != digest:
            raise Unavailable(f"{printable(name, 60)} was damaged on its way. Try again.")
        return file


def _tell(job: RemoteJob, progress: Progress) -> None:
    """Reports how a job stands, as the task would. Raises `Cancelled` if a user asked to stop."""
    if job.state == "queued":
        progress.stage("Waiting there" + (f", number {job.place}" if job.place > 1 else ""))
    else:
        metrics = {name: value for name, value in job.metrics.items() if value is not None}
        progress.report(job.step, job.total, metrics, text=job.text)


def _packed(text: str) -> File:
    """A data set that can be sent. Raises `InvalidInput` for one that cannot."""
    path = paths.expand_user(text)
    there = paths.is_there(path)
    if there and path.is_file():
        return File.keep(path.read_bytes(), "dataset", path.name)
    received, step = "no such file", "check the path"
    if there:
        received, step = "a folder", "pack it as a zip"
    elif text.startswith(builders.PREFIX):
        received, step = "a name", "give the command on that machine, which fetches it"
    expected = "a zip, tar or npz, or sample:NAME, for another machine"
    raise invalid(
        f"data set {printable(path.name or text, 60)}", expected=expected, received=received, next_step=step
    )
