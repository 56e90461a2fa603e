"""HTTP requests to a studio on another machine: retries transient failures, and words all errors."""

from __future__ import annotations

import logging
import re
import time
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, TypeAdapter, ValidationError

from studio.core import amounts
from studio.core.errors import (
    InsufficientSpace,
    InvalidInput,
    LimitReached,
    StudioError,
    Unavailable,
    invalid,
    make_printable,
)
from studio.core.progress import Progress
from studio.run.timed_adapter import TimedAdapter

MAX_RESPONSE_BYTES = 16 << 20  # bytes of a response that is not a file
MAX_FILE_BYTES = 1 << 30  # bytes of a result; the largest are videos
RETRY_SECONDS = 120.0  # seconds without a response after which to give up
_RETRY_PAUSE_SECONDS = 1.0  # seconds between two attempts
_CHUNK_BYTES = 1 << 20  # bytes
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 120.0  # an uploaded model is checked before the response comes
_MIN_BYTES_PER_SECOND = 1024  # of a response
_API_PATH = "/api/v1"
_TRANSIENT_STATUSES = {502, 503, 504}  # transient: the studio starts, or a proxy waits for it
_ERROR_TYPES = {404: Unavailable, 429: LimitReached, 507: InsufficientSpace}
_MAX_DETAIL_CHARACTERS = 1000  # characters of a sentence
_WRONG_TOKEN = "The studio at {} does not take this token. Pass the one that `studio token` prints there."


T = TypeVar("T")
log = logging.getLogger("studio.remote")


class _Problem(BaseModel):
    detail: str


@dataclass(frozen=True)
class Response:
    """A response of a studio, or of another server at its address.

    Attributes:
        status, reason: HTTP status code and reason phrase.
        media_type: "" for none.
        location: target of a redirect.
        body: at most MAX_RESPONSE_BYTES, or MAX_FILE_BYTES of a file.
    """

    status: int
    reason: str
    media_type: str
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
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, TimedAdapter(_READ_SECONDS))
        if not re.fullmatch(r"[!-~]+", token):
            raise Unavailable(_WRONG_TOKEN.format(self.url))
        # Not a header of the session, which a .netrc of this machine could replace.
        self._session.auth = partial(_add_token, token)

    def json(self, adapter: TypeAdapter[T], method: str, path: str, progress: Progress, **options: Any) -> T:
        """Sends a request and returns its validated JSON. See `request`.

        Raises:
            InvalidInput: if the response is not one that a studio gives.
        """
        response = self.request(method, path, progress, **options)
        try:
            return adapter.validate_json(response.body)
        except ValidationError as error:
            log.info("%s %s was answered otherwise: %s", method, path, error.errors(include_input=False)[:5])
            raise self._not_a_studio_error("another page, or one that answers otherwise") from None

    def fetch(self, path: str, progress: Progress) -> bytes:
        """Downloads a file and returns its bytes; resumes after a lost connection.

        Raises:
            InvalidInput: if it is larger than MAX_FILE_BYTES.
        """
        return bytes(self.request("GET", path, progress, buffer=bytearray()).body)

    def request(
        self,
        method: str,
        path: str,
        progress: Progress,
        body: Path | None = None,
        retries: bool = True,
        buffer: bytearray | None = None,
        **options: Any,
    ) -> Response:
        """Returns the response to a request, which may be sent several times.

        Args:
            method: HTTP method.
            path: path below the API's address.
            progress: receives a report while there is no response; may cancel.
            body: a file to send.
            retries: whether to retry if there is no response.
            buffer: buffer to read a file into; None for a response of at most MAX_RESPONSE_BYTES.
            options: further arguments of `requests.request`.

        Raises:
            StudioError: if the studio rejects the request, with its message, or does not respond.
            Cancelled: if the user stopped it while there was no response.
        """
        retry_seconds = RETRY_SECONDS if retries else 0
        deadline = time.monotonic() + retry_seconds
        while True:
            received = len(buffer or b"")
            if received:
                options["headers"] = {"Range": f"bytes={received}-"}
            outcome = self._send_once(method, path, progress, body, buffer, options)
            if isinstance(outcome, Response) and outcome.status not in _TRANSIENT_STATUSES:
                return self._check_status(outcome)
            # A server that sends a byte and hangs up each time must not extend the deadline forever.
            earned_seconds = max(0, len(buffer or b"") - received) / _MIN_BYTES_PER_SECOND
            deadline = min(deadline + earned_seconds, time.monotonic() + retry_seconds)
            if time.monotonic() >= deadline:
                raise self._no_response_error(outcome)
            progress.report_stage(
                f"No answer from {make_printable(urlsplit(self.url).netloc, 30)}, trying again"
            )
            time.sleep(_RETRY_PAUSE_SECONDS)

    def _send_once(
        self,
        method: str,
        path: str,
        progress: Progress,
        body: Path | None,
        buffer: bytearray | None,
        options: dict[str, Any],
    ) -> Response | Exception:
        """Sends a request once. Returns the response, or the connection error."""
        with body.open("rb") if body else nullcontext() as data:
            try:
                with self._session.request(
                    method,
                    f"{self.url}{_API_PATH}{path}",
                    data=data,
                    timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                    allow_redirects=False,  # a redirect would leak the token
                    stream=True,  # a server may announce less than it sends
                    **options,
                ) as response:
                    return self._read_response(response, progress, buffer)
            except (requests.RequestException, requests.exceptions.BaseHTTPError) as error:
                return error

    def _read_response(
        self, response: requests.Response, progress: Progress, buffer: bytearray | None
    ) -> Response:
        """Reads a whole response. Raises `InvalidInput` if it is too large or compressed."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._not_a_studio_error("a compressed answer, which was not asked for")
        is_file = buffer is not None and response.status_code < 300
        body, max_bytes = (
            (buffer, MAX_FILE_BYTES) if buffer is not None and is_file else (bytearray(), MAX_RESPONSE_BYTES)
        )
        if response.status_code != 206:
            body.clear()
        start = time.monotonic()
        while chunk := response.raw.read1(_CHUNK_BYTES):
            body += chunk
            # A server that sends a byte now and then never reaches the timeout of a single read.
            if time.monotonic() - start > _READ_SECONDS + len(body) / _MIN_BYTES_PER_SECOND:
                raise requests.ReadTimeout
            if len(body) > max_bytes:
                raise self._not_a_studio_error(f"an answer of more than {amounts.format_bytes(max_bytes)}")
            if is_file:
                progress.check()
        media_type = response.headers.get("content-type", "")
        location = response.headers.get("location", "nowhere")
        return Response(
            response.status_code, make_printable(response.reason or "", 60), media_type, location, body
        )

    def _check_status(self, response: Response) -> Response:
        """Returns a successful response. Raises the `StudioError` that fits any other."""
        if response.status < 300:
            return response
        if response.status < 400:
            raise self._not_a_studio_error(f"a redirect to {response.location}")
        if response.status in (401, 403):
            raise Unavailable(_WRONG_TOKEN.format(self.url))
        detail = _parse_detail(response)
        if not detail:
            raise self._not_a_studio_error(f"{response.status} {response.reason}")
        raise _ERROR_TYPES.get(response.status, InvalidInput if response.status < 500 else StudioError)(
            detail
        )

    def _not_a_studio_error(self, received: str) -> InvalidInput:
        """Returns the error for a response that no studio gives."""
        step = "check the address, which is the one of the pages"
        return invalid(f"server {self.url}", expected="a studio there", received=received, next_step=step)

    def _no_response_error(self, outcome: Response | Exception) -> Unavailable:
        """Returns the error for a request whose retries all failed; `outcome` is that of the last one."""
        if isinstance(outcome, Response) and (detail := _parse_detail(outcome)):
            return Unavailable(detail)
        return Unavailable(
            f"The studio at {self.url} does not answer ({_describe_failure(outcome)}). "
            "See whether it runs there, and whether this machine reaches it."
        )


def _add_token(token: str, request: requests.PreparedRequest) -> requests.PreparedRequest:
    request.headers["Authorization"] = f"Bearer {token}"
    return request


def _parse_base_url(url: str) -> str:
    """Returns the address of a studio without a final slash or API path. Raises `InvalidInput`."""
    try:
        parts = urlsplit(url.strip())
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or parts.username or parts.query or parts.fragment:
        expected, step = "an address as http://box:8501", "copy it from the pages of that studio"
        raise invalid("server", expected=expected, received=url, next_step=step)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(_API_PATH)}"


def _parse_detail(response: Response) -> str:
    """Returns the detail of a problem response; "" for other responses."""
    if not response.media_type.startswith("application/problem+json"):
        return ""
    try:
        return make_printable(_Problem.model_validate_json(response.body).detail, _MAX_DETAIL_CHARACTERS)
    except ValidationError:
        return ""


def _describe_failure(outcome: Response | Exception) -> str:
    """Returns the reason why there was no usable response, in a few words."""
    if isinstance(outcome, Response):
        return f"{outcome.status} {outcome.reason}"
    if isinstance(outcome, requests.exceptions.SSLError):
        return "its certificate is not trusted here"
    if isinstance(outcome, requests.Timeout):
        return "it takes too long"
    return "no connection"
