"""Reads pickles without executing anything: an allow-list of names, all stand-ins.

Pickle runs whatever a file names. Here a name is looked up in a table of harmless stand-ins of our own and
nowhere else, so that a file can only ever say "an array of this shape, with these bytes".
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable, Mapping
from typing import Any

from studio.core.refusals import Refused

Names = Mapping[tuple[str, str], Any]

_MOST_MEMO = 1_000_000  # a higher index makes the unpickler reserve gigabytes


class _Restricted(pickle.Unpickler):
    """Finds the names of one table and no others."""

    def __init__(self, stream: io.BytesIO, names: Names, storage: Callable | None = None):
        super().__init__(stream)
        self._names = names
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._names[module, name]
        except KeyError:
            raise Refused(f"it asks for {module}.{name}, which no array needs") from None

    def persistent_load(self, identity: Any) -> Any:
        if self._storage is None:
            raise Refused("it refers to data outside itself")
        return self._storage(identity)


def read(stream: io.BytesIO, names: Names, storage: Callable | None = None) -> Any:
    """The next pickle of `stream`; its operations are looked through before any is run.

    Args:
        stream: stands behind the pickle afterwards.
        names: the stand-ins by module and name; nothing else can be named.
        storage: given what the pickle says of data outside itself; None refuses that.

    Raises:
        Refused: if it asks for more; damaged pickles raise nearly anything else.
    """
    start = stream.tell()
    for operation, argument, _ in pickletools.genops(stream):
        if "PUT" in operation.name and int(argument or 0) > _MOST_MEMO:
            raise Refused("it asks for an absurd amount of memory")
    stream.seek(start)
    return _Restricted(stream, names, storage).load()
