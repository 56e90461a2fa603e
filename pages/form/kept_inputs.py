"""What a form is given that no widget keeps: uploads, drawings, pasted texts.

The session holds it. A file among those of the user says what it is, and the address names that file by its
SHA-256, so that a reload, Back and a link of the same user bring it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import streamlit as st

from pages.widgets import browser_history, keys, owners, page_errors
from studio.core import paths
from studio.core.errors import NoRoom, StudioError, printable
from studio.core.tasks import File, Kind
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused
from studio.engine import quotas

_MOST_BYTES = 8_000_000  # of a file that says what was given
_MOST_DEPTH = 5
_MOST_NAME = 80  # characters of a file's name
T = TypeVar("T")


def restore(name: str, read: Callable[[Any], T]) -> T:
    """What was given in this tab; after a reload or Back, what the address names.

    Args:
        name: in the session and in the address.
        read: makes it of what `keep` was given, or of None for nothing. That may be anything: a user can
            bring a file of their own as such a file.
    """
    digest, mark = st.query_params.get(name, ""), keys.part(name, "address")
    moved = browser_history.is_back_or_forward() and st.session_state.get(mark, "") != digest
    if name not in st.session_state or moved:
        st.session_state[name], st.session_state[mark] = read(_parsed(digest)), digest
    return st.session_state[name]


def keep(name: str, given: Any) -> None:
    """Lets the address name what was given, as values of JSON; nothing for an empty one."""
    data = json.dumps(given).encode()
    digest = paths.digest(data) if given else ""
    if digest and st.query_params.get(name) != digest:
        try:
            if not paths.is_kept(digest):
                quotas.check_room(owners.owner(), len(data))
            File.keep(data, "text", f"{name}.json")
        except NoRoom as error:
            page_errors.tell(error)
            return
        st.query_params[name] = digest
    elif not digest:
        st.query_params.pop(name, None)
    st.session_state[keys.part(name, "address")] = digest


def restore_files(name: str, kind: Kind, check: Callable[[File], object] = repr) -> list[File]:
    """Files that were given, those that are still there; the list is the session's own, to be changed.

    Args:
        check: raises `StudioError` for one of the address that is no such file.
    """
    return restore(name, lambda value: [file for file in read_files(value, kind) if _passes(file, check)])


def keep_files(name: str, files: Sequence[File]) -> None:
    """As `keep`, for files."""
    keep(name, describe_files(files))


def describe_files(files: Sequence[File]) -> list[list[str]]:
    """Files as values of JSON."""
    return [[file.digest, file.name] for file in files]


def read_files(value: Any, kind: Kind) -> list[File]:
    """The files of what `describe_files` gave: those of this user that are still there."""
    found = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one):
            digest, file_name = owners.mine(one[0]), printable(one[1], _MOST_NAME)
            found += [File(digest, kind, file_name)] if digest else []
    return found


def _passes(file: File, check: Callable[[File], object]) -> bool:
    try:
        check(file)
    except (StudioError, OSError):
        return False
    return True


def _parsed(digest: str) -> Any:
    with suppress(StudioError, Refused, OSError):  # removed since, somebody else's, or no such file
        file = File(owners.mine(digest), "text", "")
        if file.digest and file.path.stat().st_size <= _MOST_BYTES:
            return strict_json.parsed(file.read(), _MOST_DEPTH)
    return None
