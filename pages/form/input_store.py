"""Stores inputs that no widget keeps: uploads, drawings, pasted texts.

The session holds the value. A stored JSON file describes it, and the address names that file by its SHA-256,
so that a reload, Back and a link of the same user restore it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import streamlit as st

from pages.widgets import browser_history, keys, owners, page_errors
from studio.core import paths
from studio.core.errors import InsufficientSpace, StudioError, make_printable
from studio.core.tasks import File, Kind
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused
from studio.engine import quotas

_MAX_BYTES = 8_000_000  # of a JSON file: a pasted text, which is one value
_MAX_DEPTH = 5
_MAX_VALUES = 20_000  # of a JSON file; 2,000 images by hand have 6,000
_MAX_FILES = 2000  # of a list
_MAX_NAME = 80  # characters of a file's name
T = TypeVar("T")


def restore(name: str, parse: Callable[[Any], T]) -> T:
    """Returns the value of this tab; after a reload or Back, the one that the address names.

    Args:
        name: in the session and in the address.
        parse: converts the JSON value given to `store`, or None for no value. It must validate the value,
            because the address can name any file of the user.
    """
    digest, address_key = st.query_params.get(name, ""), keys.part(name, "address")
    is_navigation = browser_history.is_back_or_forward() and st.session_state.get(address_key, "") != digest
    if name not in st.session_state or is_navigation:
        st.session_state[name], st.session_state[address_key] = parse(_read_value(digest)), digest
    return st.session_state[name]


def store(name: str, value: Any) -> None:
    """Stores a JSON value and names it in the address; an empty value is removed from the address."""
    data = json.dumps(value).encode()
    digest = paths.digest(data) if value else ""
    if digest and st.query_params.get(name) != digest:
        try:
            if not paths.is_stored(digest):
                quotas.check_disk_quota(owners.get_owner(), len(data))
            File.store(data, "text", f"{name}.json")
        except InsufficientSpace as error:
            page_errors.show_error(error)
            return
        st.query_params[name] = digest
    elif not digest:
        st.query_params.pop(name, None)
    st.session_state[keys.part(name, "address")] = digest


def restore_files(
    name: str, kind: Kind, check: Callable[[File], object] = repr, max_files: int = _MAX_FILES
) -> list[File]:
    """Returns the files that are still stored, as the session's own list, which callers may change.

    Args:
        name: in the session and in the address.
        kind: of the files.
        check: raises `StudioError` for an invalid file in the address.
        max_files: number of files, after which the others are ignored.
    """
    return restore(
        name,
        lambda value: [file for file in read_files(value, kind)[:max_files] if _is_valid(file, check)],
    )


def store_files(name: str, files: Sequence[File]) -> None:
    """Stores a list of files and names it in the address, like `store`."""
    store(name, describe_files(files))


def describe_files(files: Sequence[File]) -> list[list[str]]:
    """Returns files as JSON values."""
    return [[file.digest, file.name] for file in files]


def read_files(value: Any, kind: Kind) -> list[File]:
    """Returns the files of a `describe_files` value that belong to this user and are still stored."""
    files = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, list) and len(entry) == 2 and all(isinstance(part, str) for part in entry):
            digest, file_name = owners.find_own_digest(entry[0]), make_printable(entry[1], _MAX_NAME)
            files += [File(digest, kind, file_name)] if digest else []
    return files


def _is_valid(file: File, check: Callable[[File], object]) -> bool:
    try:
        check(file)
    except (StudioError, OSError):
        return False
    return True


def _read_value(digest: str) -> Any:
    with suppress(StudioError, Refused, OSError):  # deleted, another user's, or invalid
        file = File(owners.find_own_digest(digest), "text", "")
        if file.digest and file.path.stat().st_size <= _MAX_BYTES:
            return strict_json.parse(file.read(), _MAX_DEPTH, _MAX_VALUES)
    return None
