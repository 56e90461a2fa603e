"""Requests to the studio of another machine: what goes wrong is a sentence, what may pass is tried again."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from studio.core.errors import InvalidInput, NoRoom, StudioError, TooMany, Unavailable, invalid, printable
from studio.core.progress import Progress

PATIENCE = 120.0  # seconds without an answer after which it is given up
_PAUSE = 1.0  # s between two tries
_CONNECT, _READ = 10.0, 120.0  # s; a model that is uploaded is looked over before the answer comes
_BELOW = "/api/v1"
_PASSES = {502, 503, 504}  # it is being started, or a proxy waits for it
_KINDS = {404: Unavailable, 429: TooMany, 507: NoRoom}
_LONGEST = 1000  # characters of a sentence
_WRONG_TOKEN = (
    "The studio at {} does not take this token. Next: pass the one that `studio token` prints there."
)


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
        if not re.fullmatch(r"[!-~]+", token):
            raise Unavailable(_WRONG_TOKEN.format(self.url))
        self._session.auth = _Bearer(token)  # else a .netrc of this machine could take its place

    def json(self, method: str, path: str, progress: Progress, **more: Any) -> Any:
        """What a request is answered with. See `ask`."""
        answer = self.ask(method, path, progress, **more)
        try:
            return answer.json()
        except ValueError:
            raise self._no_studio("another page") from None

    def ask(
        self,
        method: str,
        path: str,
        progress: Progress,
        body: Path | None = None,
        again: bool = True,
        **more: Any,
    ) -> requests.Response:
        """The answer to one request, which may be sent several times.

        Args:
            path: below the API's address.
            progress: told while there is no answer, and asked whether to stop.
            body: a file to send.
            again: whether to try again when nobody answers, or only to tell.
            more: as `requests.request` takes it.

        Raises:
            StudioError: if the studio refuses, with its own sentence, or never answers.
            Cancelled: if a person asked to stop while it did not answer.
        """
        end = time.monotonic() + (PATIENCE if again else 0)
        while True:
            found = self._once(method, path, body, **more)
            if isinstance(found, requests.Response) and found.status_code not in _PASSES:
                return self._accepted(found)
            if time.monotonic() >= end:
                raise self._silent(found)
            progress.stage(f"No answer from {printable(urlsplit(self.url).netloc, 30)}, trying again")
            time.sleep(_PAUSE)

    def fetch(self, path: str, progress: Progress) -> bytes:
        """All bytes of a file; after a lost connection it goes on where it was."""
        data, end = bytearray(), time.monotonic() + PATIENCE
        while True:
            before = len(data)
            try:
                headers = {"Range": f"bytes={before}-"} if before else {}
                with closing(self.ask("GET", path, progress, stream=True, headers=headers)) as answer:
                    if answer.status_code != 206:
                        data.clear()
                    for piece in answer.iter_content(1 << 20):
                        data += piece
                        progress.check()
                return bytes(data)
            except requests.RequestException as error:
                end = time.monotonic() + PATIENCE if len(data) > before else end
                if time.monotonic() >= end:
                    raise self._silent(error) from None
                time.sleep(_PAUSE)

    def _once(self, method: str, path: str, body: Path | None, **more: Any) -> requests.Response | Exception:
        with body.open("rb") if body else nullcontext() as data:
            try:
                return self._session.request(
                    method,
                    f"{self.url}{_BELOW}{path}",
                    data=data,
                    timeout=(_CONNECT, _READ),
                    allow_redirects=False,  # to a place that was not meant the token would go along
                    **more,
                )
            except requests.RequestException as error:
                return error

    def _accepted(self, answer: requests.Response) -> requests.Response:
        status = answer.status_code
        if status < 300:
            return answer
        if 300 <= status < 400:
            raise self._no_studio(f"a redirect to {answer.headers.get('location', 'nowhere')}")
        if status in (401, 403):
            raise Unavailable(_WRONG_TOKEN.format(self.url))
        told = _detail(answer)
        if not told:
            raise self._no_studio(f"{status} {answer.reason}")
        raise _KINDS.get(status, InvalidInput if status < 500 else StudioError)(told)

    def _no_studio(self, received: str) -> InvalidInput:
        step = "check the address, which is the one of the pages"
        return invalid(f"server {self.url}", expected="a studio there", received=received, next_step=step)

    def _silent(self, found: requests.Response | Exception) -> Unavailable:
        if isinstance(found, requests.Response) and (told := _detail(found)):
            return Unavailable(told)
        return Unavailable(
            f"The studio at {self.url} does not answer ({_reason(found)}). "
            "Next: see whether it runs there, and whether this machine reaches it."
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


def _detail(answer: requests.Response) -> str:
    """The sentence of a problem; "" if the answer is none."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return ""
    try:
        return printable(str(json.loads(answer.content)["detail"]), _LONGEST)
    except (ValueError, KeyError, TypeError):
        return ""


def _reason(found: requests.Response | Exception) -> str:
    if isinstance(found, requests.Response):
        return f"{found.status_code} {found.reason}"
    if isinstance(found, requests.exceptions.SSLError):
        return "its certificate is not trusted here"
    if isinstance(found, requests.Timeout):
        return "it takes too long"
    return "no connection"
