"""Requests to the studio of another machine: what goes wrong is a sentence, what may pass is tried again."""

from __future__ import annotations

import logging
import re
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, TypeAdapter, ValidationError
from requests.auth import AuthBase

from studio.core import amounts
from studio.core.errors import InvalidInput, NoRoom, StudioError, TooMany, Unavailable, invalid, printable
from studio.core.progress import Progress

MOST_ANSWER = 16 << 20  # bytes of an answer that is no file
MOST_FILE = 1 << 30  # bytes of a result; the largest are videos
PATIENCE = 120.0  # seconds without an answer after which it is given up
_PAUSE = 1.0  # s between two tries
_PIECE = 1 << 20  # bytes
_CONNECT, _READ = 10.0, 120.0  # s; a model that is uploaded is looked over before the answer comes
_BELOW = "/api/v1"
_PASSES = {502, 503, 504}  # it is being started, or a proxy waits for it
_KINDS = {404: Unavailable, 429: TooMany, 507: NoRoom}
_LONGEST = 1000  # characters of a sentence
_WRONG_TOKEN = "The studio at {} does not take this token. Pass the one that `studio token` prints there."


T = TypeVar("T")
log = logging.getLogger("studio.remote")


class _Problem(BaseModel):
    detail: str


_PROBLEM = TypeAdapter(_Problem)


@dataclass(frozen=True)
class Answer:
    """What a studio, or what else is at its address, answers.

    Attributes:
        status, reason: of HTTP.
        kind: its media type; "" for none.
        location: where a redirect leads.
        body: at most MOST_ANSWER bytes, or MOST_FILE of a file.
    """

    status: int
    reason: str
    kind: str
    location: str
    body: bytearray


class Client:
    """The API of one studio.

    `requests`, as it is here already: the studio fetches weights with it, and Streamlit needs it, too.

    Args:
        url: of the studio, as `http://box:8501`.
        token: for programs, as `studio token` prints it there.

    Raises:
        InvalidInput: if the address is none.
        Unavailable: if the token is none.
    """

    def __init__(self, url: str, token: str):
        self.url = _address(url)
        self._session = requests.Session()
        self._session.headers["Accept-Encoding"] = "identity"  # a few bytes could unpack to gigabytes
        if not re.fullmatch(r"[!-~]+", token):
            raise Unavailable(_WRONG_TOKEN.format(self.url))
        self._session.auth = _Bearer(token)  # else a .netrc of this machine could take its place

    def json(self, shape: TypeAdapter[T], method: str, path: str, progress: Progress, **more: Any) -> T:
        """What a request is answered with, validated. See `ask`.

        Raises:
            InvalidInput: if it is none of the answers that a studio gives.
        """
        answer = self.ask(method, path, progress, **more)
        try:
            return shape.validate_json(answer.body)
        except ValidationError as error:
            log.info("%s %s was answered otherwise: %s", method, path, error.errors(include_input=False)[:5])
            raise self._no_studio("another page, or one that answers otherwise") from None

    def fetch(self, path: str, progress: Progress) -> bytes:
        """All bytes of a file; after a lost connection it continues where it was.

        Raises:
            InvalidInput: if there are more than MOST_FILE.
        """
        return bytes(self.ask("GET", path, progress, into=bytearray()).body)

    def ask(
        self,
        method: str,
        path: str,
        progress: Progress,
        body: Path | None = None,
        again: bool = True,
        into: bytearray | None = None,
        **more: Any,
    ) -> Answer:
        """The answer to one request, which may be sent several times.

        Args:
            path: below the API's address.
            progress: told while there is no answer, and asked whether to stop.
            body: a file to send.
            again: whether to try again when nobody answers, or only to tell.
            into: what a file is read into; None for an answer of at most MOST_ANSWER bytes.
            more: as `requests.request` takes it.

        Raises:
            StudioError: if the studio refuses, with its own sentence, or never answers.
            Cancelled: if a user asked to stop while it did not answer.
        """
        patience = PATIENCE if again else 0
        end = time.monotonic() + patience
        while True:
            before = len(into or b"")
            if before:
                more["headers"] = {"Range": f"bytes={before}-"}
            found = self._once(method, path, progress, body, into, more)
            if isinstance(found, Answer) and found.status not in _PASSES:
                return self._accepted(found)
            if len(into or b"") > before:
                end = time.monotonic() + patience
            if time.monotonic() >= end:
                raise self._silent(found)
            progress.stage(f"No answer from {printable(urlsplit(self.url).netloc, 30)}, trying again")
            time.sleep(_PAUSE)

    def _once(
        self,
        method: str,
        path: str,
        progress: Progress,
        body: Path | None,
        into: bytearray | None,
        more: dict[str, Any],
    ) -> Answer | Exception:
        with body.open("rb") if body else nullcontext() as data:
            try:
                with self._session.request(
                    method,
                    f"{self.url}{_BELOW}{path}",
                    data=data,
                    timeout=(_CONNECT, _READ),
                    allow_redirects=False,  # to a place that was not meant the token would go along
                    stream=True,  # a server may announce less than it sends
                    **more,
                ) as answer:
                    return self._read(answer, progress, into)
            except requests.RequestException as error:
                return error

    def _read(self, answer: requests.Response, progress: Progress, into: bytearray | None) -> Answer:
        """The whole of an answer. Raises `InvalidInput` if it has too many bytes, or is compressed."""
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise self._no_studio("a compressed answer, which was not asked for")
        is_file = into is not None and answer.status_code < 300
        body, most = (into, MOST_FILE) if into is not None and is_file else (bytearray(), MOST_ANSWER)
        if answer.status_code != 206:
            body.clear()
        for piece in answer.iter_content(_PIECE):
            body += piece
            if len(body) > most:
                raise self._no_studio(f"an answer of more than {amounts.size(most)}")
            if is_file:
                progress.check()
        kind = answer.headers.get("content-type", "")
        place = answer.headers.get("location", "nowhere")
        return Answer(answer.status_code, printable(answer.reason or "", 60), kind, place, body)

    def _accepted(self, answer: Answer) -> Answer:
        if answer.status < 300:
            return answer
        if answer.status < 400:
            raise self._no_studio(f"a redirect to {answer.location}")
        if answer.status in (401, 403):
            raise Unavailable(_WRONG_TOKEN.format(self.url))
        told = _detail(answer)
        if not told:
            raise self._no_studio(f"{answer.status} {answer.reason}")
        raise _KINDS.get(answer.status, InvalidInput if answer.status < 500 else StudioError)(told)

    def _no_studio(self, received: str) -> InvalidInput:
        step = "check the address, which is the one of the pages"
        return invalid(f"server {self.url}", expected="a studio there", received=received, next_step=step)

    def _silent(self, found: Answer | Exception) -> Unavailable:
        if isinstance(found, Answer) and (told := _detail(found)):
            return Unavailable(told)
        return Unavailable(
            f"The studio at {self.url} does not answer ({_reason(found)}). "
            "See whether it runs there, and whether this machine reaches it."
        )


class _Bearer(AuthBase):
    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _address(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username or parts.query or parts.fragment:
        expected, step = "an address as http://box:8501", "copy it from the pages of that studio"
        raise invalid("server", expected=expected, received=url, next_step=step)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(_BELOW)}"


def _detail(answer: Answer) -> str:
    """The sentence of a problem; "" if the answer is none."""
    if not answer.kind.startswith("application/problem+json"):
        return ""
    try:
        return printable(_PROBLEM.validate_json(answer.body).detail, _LONGEST)
    except ValidationError:
        return ""


def _reason(found: Answer | Exception) -> str:
    if isinstance(found, Answer):
        return f"{found.status} {found.reason}"
    if isinstance(found, requests.exceptions.SSLError):
        return "its certificate is not trusted here"
    if isinstance(found, requests.Timeout):
        return "it takes too long"
    return "no connection"
