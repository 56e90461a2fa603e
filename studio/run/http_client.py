"""HTTP requests to a studio on another machine: retries transient failures, and words all errors."""

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
from studio.core.errors import (
    InsufficientSpace,
    InvalidInput,
    StudioError,
    TooMany,
    Unavailable,
    invalid,
    printable,
)
from studio.core.progress import Progress

MAX_RESPONSE_BYTES = 16 << 20  # bytes of a response that is not a file
MAX_FILE_BYTES = 1 << 30  # bytes of a result; the largest are videos
RETRY_SECONDS = 120.0  # seconds without a response after which to give up
_RETRY_PAUSE_SECONDS = 1.0  # seconds between two attempts
_CHUNK_BYTES = 1 << 20  # bytes
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 120.0  # seconds; an uploaded model is checked before the response comes
_API_PATH = "/api/v1"
_TRANSIENT_STATUSES = {502, 503, 504}  # transient: the studio starts, or a proxy waits for it
_ERROR_TYPES = {404: Unavailable, 429: TooMany, 507: InsufficientSpace}
_MAX_DETAIL_CHARACTERS = 1000  # characters of a sentence
_WRONG_TOKEN = "The studio at {} does not take this token. Pass the one that `studio token` prints there."


T = TypeVar("T")
log = logging.getLogger("studio.remote")


class _Problem(BaseModel):
    detail: str


_PROBLEM = TypeAdapter(_Problem)


@dataclass(frozen=True)
class Response:
    """A response of a studio, or of another server at its address.

    Attributes:
        status, reason: HTTP status code and reason phrase.
        kind: media type; "" for none.
        location: target of a redirect.
        body: at most MOST_ANSWER bytes, or MOST_FILE of a file.
    """

    status: int
    reason: str
    kind: str
    location: str
    body: bytearray


class Client:
    """A client of the API of one studio.

    Uses `requests`, which is installed anyway: weights are downloaded with it, and Streamlit needs it.

    Args:
        url: address of the studio, such as `http://box:8501`.
        token: token for programs, which `studio token` prints there.

    Raises:
        InvalidInput: if the address is not valid.
        Unavailable: if the token is not valid.
    """

    def __init__(self, url: str, token: str):
        self.url = _parse_base_url(url)
        self._session = requests.Session()
        # A few compressed bytes could expand to gigabytes.
        self._session.headers["Accept-Encoding"] = "identity"
        if not re.fullmatch(r"[!-~]+", token):
            raise Unavailable(_WRONG_TOKEN.format(self.url))
        self._session.auth = _Bearer(token)  # without this, a .netrc of this machine could replace it

    def json(self, shape: TypeAdapter[T], method: str, path: str, progress: Progress, **more: Any) -> T:
        """Sends a request and returns its validated JSON. See `request`.

        Raises:
            InvalidInput: if the response is not one that a studio gives.
        """
        answer = self.request(method, path, progress, **more)
        try:
            return shape.validate_json(answer.body)
        except ValidationError as error:
            log.info("%s %s was answered otherwise: %s", method, path, error.errors(include_input=False)[:5])
            raise self._not_a_studio("another page, or one that answers otherwise") from None

    def fetch(self, path: str, progress: Progress) -> bytes:
        """Downloads a file and returns its bytes; resumes after a lost connection.

        Raises:
            InvalidInput: if it is larger than MOST_FILE.
        """
        return bytes(self.request("GET", path, progress, into=bytearray()).body)

    def request(
        self,
        method: str,
        path: str,
        progress: Progress,
        body: Path | None = None,
        retries: bool = True,
        into: bytearray | None = None,
        **more: Any,
    ) -> Response:
        """Returns the response to a request, which may be sent several times.

        Args:
            method: HTTP method.
            path: path below the API's address.
            progress: receives a report while there is no response; may cancel.
            body: a file to send.
            retries: whether to retry if there is no response.
            into: buffer to read a file into; None for a response of at most MOST_ANSWER bytes.
            more: further arguments of `requests.request`.

        Raises:
            StudioError: if the studio rejects the request, with its message, or does not respond.
            Cancelled: if the user stopped it while there was no response.
        """
        patience = RETRY_SECONDS if retries else 0
        end = time.monotonic() + patience
        while True:
            received = len(into or b"")
            if received:
                more["headers"] = {"Range": f"bytes={received}-"}
            outcome = self._try_once(method, path, progress, body, into, more)
            if isinstance(outcome, Response) and outcome.status not in _TRANSIENT_STATUSES:
                return self._check_status(outcome)
            if len(into or b"") > received:
                end = time.monotonic() + patience
            if time.monotonic() >= end:
                raise self._no_response(outcome)
            progress.stage(f"No answer from {printable(urlsplit(self.url).netloc, 30)}, trying again")
            time.sleep(_RETRY_PAUSE_SECONDS)

    def _try_once(
        self,
        method: str,
        path: str,
        progress: Progress,
        body: Path | None,
        into: bytearray | None,
        more: dict[str, Any],
    ) -> Response | Exception:
        with body.open("rb") if body else nullcontext() as data:
            try:
                with self._session.request(
                    method,
                    f"{self.url}{_API_PATH}{path}",
                    data=data,
                    timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                    allow_redirects=False,  # a redirect would leak the token
                    stream=True,  # a server may announce less than it sends
                    **more,
                ) as answer:
                    return self._read(answer, progress, into)
            except requests.RequestException as error:
                return error

    def _read(self, answer: requests.Response, progress: Progress, into: bytearray | None) -> Response:
        """Reads a whole response. Raises `InvalidInput` if it is too large or compressed."""
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise self._not_a_studio("a compressed answer, which was not asked for")
        is_file = into is not None and answer.status_code < 300
        body, most = (into, MAX_FILE_BYTES) if into is not None and is_file else (bytearray(), MAX_RESPONSE_BYTES)
        if answer.status_code != 206:
            body.clear()
        for piece in answer.iter_content(_CHUNK_BYTES):
            body += piece
            if len(body) > most:
                raise self._not_a_studio(f"an answer of more than {amounts.size(most)}")
            if is_file:
                progress.check()
        kind = answer.headers.get("content-type", "")
        location = answer.headers.get("location", "nowhere")
        return Response(answer.status_code, printable(answer.reason or "", 60), kind, location, body)

    def _check_status(self, answer: Response) -> Response:
        if answer.status < 300:
            return answer
        if answer.status < 400:
            raise self._not_a_studio(f"a redirect to {answer.location}")
        if answer.status in (401, 403):
            raise Unavailable(_WRONG_TOKEN.format(self.url))
        detail = _parse_detail(answer)
        if not detail:
            raise self._not_a_studio(f"{answer.status} {answer.reason}")
        raise _ERROR_TYPES.get(answer.status, InvalidInput if answer.status < 500 else StudioError)(detail)

    def _not_a_studio(self, received: str) -> InvalidInput:
        step = "check the address, which is the one of the pages"
        return invalid(f"server {self.url}", expected="a studio there", received=received, next_step=step)

    def _no_response(self, outcome: Response | Exception) -> Unavailable:
        if isinstance(outcome, Response) and (detail := _parse_detail(outcome)):
            return Unavailable(detail)
        return Unavailable(
            f"The studio at {self.url} does not answer ({_describe_failure(outcome)}). "
            "See whether it runs there, and whether this machine reaches it."
        )


class _Bearer(AuthBase):
    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _parse_base_url(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username or parts.query or parts.fragment:
        expected, step = "an address as http://box:8501", "copy it from the pages of that studio"
        raise invalid("server", expected=expected, received=url, next_step=step)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(_API_PATH)}"


def _parse_detail(answer: Response) -> str:
    """Returns the detail of a problem response; "" for other responses."""
    if not answer.kind.startswith("application/problem+json"):
        return ""
    try:
        return printable(_PROBLEM.validate_json(answer.body).detail, _MAX_DETAIL_CHARACTERS)
    except ValidationError:
        return ""


def _describe_failure(outcome: Response | Exception) -> str:
    if isinstance(outcome, Response):
        return f"{outcome.status} {outcome.reason}"
    if isinstance(outcome, requests.exceptions.SSLError):
        return "its certificate is not trusted here"
    if isinstance(outcome, requests.Timeout):
        return "it takes too long"
    return "no connection"
