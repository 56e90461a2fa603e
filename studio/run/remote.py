"""Runs tasks on another machine over the HTTP API of its studio, and downloads the results.

Every response is validated first, because any server could be at that address.
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
from studio.core.errors import Cancelled, InvalidInput, StudioError, Unavailable, invalid, make_printable
from studio.core.files import Kind
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Result, Slot, Task
from studio.core.version import VERSION
from studio.core.weights.index import Sha256
from studio.run import input_files
from studio.run.http_client import Client
from studio.run.machine import Machine

TOKEN_VARIABLE = "STUDIO_SERVER_TOKEN"  # environment variable
POLL_SECONDS = 0.5  # interval of polling a job and Ctrl-C


_MAX_FILES = 10_000  # of one result
_Name = Annotated[str, Field(max_length=1000)]


class _Response(BaseModel):
    """A part of a response; fields of later versions are ignored."""

    model_config = ConfigDict(frozen=True)


class Health(_Response):
    """Version and status of a studio. All but the version is optional, because versions may differ."""

    version: str | None = None
    status: str = ""


class Model(_Response):
    """A trained model with its current and former names."""

    name: _Name
    former: list[_Name]


class UploadResponse(_Response):
    """A file that the other studio has stored."""

    id: Sha256


class RemoteFile(_Response):
    """A file of a result; `id` is its SHA-256, which becomes a path here."""

    id: Sha256
    kind: Kind
    name: _Name


class RemoteResult(_Response):
    """The result of a job."""

    files: Annotated[list[RemoteFile], Field(min_length=1, max_length=_MAX_FILES)]
    figures: dict[str, Any]
    recipe: dict[str, Any] | None
    stopped_early: bool


class RemoteJob(_Response):
    """The state of a job."""

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

    Inputs are read and checked here, then uploaded unless the other studio has them already. If the
    connection is lost, a job continues there and is found again by its id; a repeated submission has the same
    idempotency key.

    Args:
        url: address of its pages, such as `http://box:8501`.
        token: token that `studio token` prints there; "" takes it from STUDIO_SERVER_TOKEN.

    Raises:
        InvalidInput: if there is no token, the address is not that of a studio, or its version differs.
        Unavailable: if it does not respond, or rejects the token.
    """

    def __init__(self, url: str, token: str = ""):
        token = token or os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            step = f"give the one that `studio token` prints there, or set {TOKEN_VARIABLE} to it"
            raise invalid("token", expected="one for the other studio", received="none", next_step=step)
        self._client = Client(url, token)
        health = self._client.json(TypeAdapter(Health), "GET", "/health", Progress(), retries=False)
        if health.version != VERSION:
            step = "install the same one on both machines"
            label = f"studio at {self._client.url}"
            raise invalid(label, expected=f"version {VERSION}", received=health.version, next_step=step)
        if health.status.startswith("down"):
            raise Unavailable(f"The studio at {self._client.url} is {make_printable(health.status, 1000)}")

    @cached_property
    def _model_names(self) -> list[str]:
        models = self._client.json(TypeAdapter(list[Model]), "GET", "/models", Progress())
        return [name for model in models for name in (model.name, *model.former)]

    def has_model(self, name: str) -> bool:
        """Returns whether the other studio has a model with this current or former name."""
        return name in self._model_names

    def read(self, slot: Slot, value: Any, labels: str | None = None) -> File:
        """Reads an input here. A model of the other studio stays there; a data set must be one file.

        Returns:
            The stored file; for a model of the other studio, one without a digest.
        """
        if isinstance(value, str) and slot.kind == "model" and self.has_model(value):
            return File("", "model", value)
        is_path = isinstance(value, str | PathLike)
        if slot.kind == "dataset" and is_path and not str(value).startswith(sample_sets.PREFIX):
            return _store_data_set(str(value))
        return input_files.read(slot, value, labels)

    def check(self, name: str, settings: Settings, inputs: Inputs) -> None:
        """Does nothing, because the other studio checks the job."""

    def resume_training(
        self, name: str, settings: Settings, inputs: Inputs, resume: bool | None, quiet: bool
    ) -> None:
        """Does nothing, because the other studio always resumes. Raises `InvalidInput` if it should not."""
        if resume is False:
            step = "leave it out"
            raise invalid("`resume`", expected="none for another machine", received="no", next_step=step)

    def run(self, task: Task, settings: Settings, inputs: Inputs, progress: Progress | None = None) -> Result:
        """Runs a task there and stores its files here.

        Raises:
            StudioError: if the other studio rejects the job, with its message, if the job fails there, or if
                there is no response for minutes.
            Cancelled: if the user stopped it and there is no result yet.
        """
        progress = progress or Progress()
        body = {
            "task": task.name,
            "settings": settings.drop_local_only(settings.model_dump(mode="json")),
            "inputs": {
                slot: [self._upload(file, progress) for file in files] for slot, files in inputs.items()
            },
        }
        idempotency_header = {"Idempotency-Key": secrets.token_hex(16)}
        job = self._request_job("POST", "", progress, json=body, headers=idempotency_header)
        is_stopped = False
        while not job.finished:
            try:
                _report_state(job, progress)
                job = self._request_job("GET", f"/{job.id}", progress, params={"wait": POLL_SECONDS})
            except Cancelled:
                is_stopped, progress = True, progress.without_cancel()
                job = self._request_job("POST", f"/{job.id}/stop", progress)
        if job.result is None:
            raise Cancelled if is_stopped else StudioError(make_printable(job.error, 1000))
        result = self._request_job("GET", f"/{job.id}", progress, params={"all_figures": "true"}).result
        if result is None:
            raise StudioError("The other studio no longer has the result. Run it again.")
        return self._download_result(result, progress)

    def _request_job(self, method: str, path: str, progress: Progress, **options: Any) -> RemoteJob:
        """Sends a request below `/jobs` and returns the state of the job."""
        return self._client.json(_JOB, method, f"/jobs{path}", progress, **options)

    def _upload(self, file: File, progress: Progress) -> dict[str, str] | str:
        """Uploads a file unless the other studio has it. Returns how the job's request names it."""
        if not file.digest:
            return file.name
        reference = {"id": file.digest, "name": file.name}
        with suppress(Unavailable, InvalidInput):  # a HEAD response has no reason
            self._client.request("HEAD", f"/files/{file.digest}", progress)
            return reference
        progress.report_stage(f"Sending {make_printable(file.name, 40)}")
        params = {"kind": file.kind, "name": file.name}
        upload = self._client.json(
            TypeAdapter(UploadResponse), "POST", "/files", progress, body=file.path, params=params
        )
        return {**reference, "id": upload.id}

    def _download_result(self, result: RemoteResult, progress: Progress) -> Result:
        """Downloads the files of a result and returns it as a local one."""
        return Result(
            tuple(self._download_file(file, progress) for file in result.files),
            result.figures,
            None if result.recipe is None else recipes.read(json.dumps(result.recipe).encode()),
            result.stopped_early,
        )

    def _download_file(self, remote_file: RemoteFile, progress: Progress) -> File:
        """Downloads and stores a file, unless it is here. Raises `Unavailable` if its SHA-256 differs."""
        digest, kind, name = remote_file.id, remote_file.kind, remote_file.name
        if paths.is_stored(digest):
            return File.store(paths.stored_path(digest).read_bytes(), kind, name)
        progress.report_stage(f"Fetching {make_printable(name, 40)}")
        file = File.store(self._client.fetch(f"/files/{quote(digest)}?kind={kind}", progress), kind, name)
        if file.digest != digest:
            raise Unavailable(f"{make_printable(name, 60)} was damaged on its way. Try again.")
        return file


def _report_state(job: RemoteJob, progress: Progress) -> None:
    """Reports the state of a job as its task would here. Raises `Cancelled` if the user stopped it."""
    if job.state == "queued":
        progress.report_stage("Waiting there" + (f", number {job.place}" if job.place > 1 else ""))
    else:
        metrics = {name: value for name, value in job.metrics.items() if value is not None}
        progress.report(job.step, job.total, metrics, text=job.text)


def _store_data_set(source: str) -> File:
    """Stores a data set for the upload. Raises `InvalidInput` if it is not a single file."""
    path = paths.expand_user(source)
    exists = paths.path_exists(path)
    if exists and path.is_file():
        return File.store(path.read_bytes(), "dataset", path.name)
    received, step = "no such file", "check the path"
    if exists:
        received, step = "a folder", "pack it as a zip"
    elif source.startswith(builders.PREFIX):
        received, step = "a name", "give the command on that machine, which fetches it"
    expected = "a zip, tar or npz, or sample:NAME, for another machine"
    raise invalid(
        f"data set {make_printable(path.name or source, 60)}",
        expected=expected,
        received=received,
        next_step=step,
    )
