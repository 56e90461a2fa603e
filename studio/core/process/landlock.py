"""Landlock by plain system calls: limits the file access of a process and its children.

See userspace-api/landlock of the Linux kernel. The packages for it are alphas, or need a newer Python.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on all machines
_VERSION_FLAG, _PATH_BENEATH = 1, 1

_RUN, _WRITE_FILE, _READ = 1 << 0, 1 << 1, 1 << 2 | 1 << 3
_DEVICES_SOCKETS_PIPES = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11  # never allowed
_WRITE = ((1 << 15) - 1) & ~(_RUN | _DEVICES_SOCKETS_PIPES)
_FILE_RIGHTS = _RUN | _WRITE_FILE | 1 << 2 | 1 << 14 | 1 << 15  # the others are rights of folders
# By the version that introduced them; an older version refuses unknown rights.
_RIGHTS = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_TCP = (4, 3)  # bind and connect
_SCOPES = (6, 3)  # abstract sockets, and signals to processes outside


def restrict_files(readable: Iterable[Path], writable: Iterable[Path]) -> int:
    """Denies this thread, and those that it starts, all files but these, and TCP.

    Args:
        readable: files and folders that may be read; missing ones are ignored.
        writable: folders that may be read and written.

    Returns:
        The version of the kernel's interface; 0 if there is none and nothing is restricted.
    """
    system_call = ctypes.CDLL(None).syscall
    version = system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < 1:
        return 0
    rights = sum(bits for min_version, bits in _RIGHTS if min_version <= version)
    tcp, scopes = (bits if min_version <= version else 0 for min_version, bits in (_TCP, _SCOPES))
    size = ctypes.c_size_t(24 if scopes else 16 if tcp else 8)
    rules = system_call(_CREATE_RULESET, struct.pack("QQQ", rights, tcp, scopes), size, 0)
    if rules < 0:
        return 0
    try:
        for path in readable:
            _allow_path(rules, path, _READ)
        for path in writable:
            _allow_path(rules, path, _WRITE & rights)
        _allow_path(rules, Path(os.devnull), _READ | _WRITE_FILE)
        return version if system_call(_RESTRICT_SELF, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def _allow_path(rules: int, path: Path, rights: int) -> None:
    """Adds a path with its rights to the ruleset `rules`. A path that cannot be opened is skipped."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights = rights if path.is_dir() else rights & _FILE_RIGHTS
            ctypes.CDLL(None).syscall(
                _ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0
            )
        finally:
            os.close(descriptor)
