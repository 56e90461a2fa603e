"""A seccomp filter by plain system calls: denies system calls to a process and its children.

The packages for it need a system library that few machines have.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Collection, Iterator

# Numbers of the system calls on x86_64 and on aarch64, which lacks some.
_DENIED_CALLS = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "socket": (41, 198),
    "socketpair": (53, 199),  # a datagram socket may send to any socket file
    "connect": (42, 203),
    "bind": (49, 200),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kill": (62, 129),
    "tkill": (200, 130),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "process_madvise": (440, 440),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "fork": (57, None),
    "vfork": (58, None),
    "io_uring_setup": (425, 425),  # filters do not see its requests
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "open_by_handle_at": (304, 265),
    # Memory that no limit counts, and that other processes may share:
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "semctl": (66, 191),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # Not covered by Landlock, or not by its first versions:
    "truncate": (76, 45),
    "inotify_add_watch": (254, 27),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
_CLONE3 = (435, 435)  # a filter cannot see its arguments; without it, systems use clone
# Denied for other processes: the call, and the argument with the process id.
_OWN_PROCESS_CALLS = {"tgkill": ((234, 131), 0), "prlimit64": ((302, 261), 0), "setpriority": ((141, 140), 1)}
_CLONE, _CLONE_FLAGS, _THREAD = (56, 220), 0, 0x10000
_MMAP, _MMAP_FLAGS, _ANONYMOUS_SHARED = (9, 222), 3, 0x21  # anonymous shared memory
_FCNTL, _FCNTL_COMMAND, _SET_OWNER = (72, 25), 1, (8, 10, 15)  # the receiver of a signal, and its number
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, the kernel's machine id
_X32_CALLS = 0x40000000  # numbers from here on are x86_64's second set

_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16  # offsets in the input of the filter
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_DENY = _ERROR | errno.EACCES
_Step = tuple[int, int, int, int]
_SET_SECCOMP, _FILTER = 22, 2


def deny_calls() -> bool:
    """Denies this process sockets, other programs, new processes and access to other processes.

    Running threads are not affected.

    Returns:
        Whether the kernel installed the filter; False on other machines than x86_64 and aarch64.
    """
    if platform.machine() not in _MACHINES:
        return False
    column, machine = _MACHINES[platform.machine()]
    steps = [  # opcode, steps to skip if true, steps to skip if false, operand
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),  # a call with the numbers of another machine
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32_CALLS),
        (_RETURN, 0, 0, _DENY),
        *_build_rules(column),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HP", len(steps), ctypes.addressof(code))
    zero = ctypes.c_ulong(0)
    return ctypes.CDLL(None).prctl(_SET_SECCOMP, ctypes.c_ulong(_FILTER), program, zero, zero) == 0


def _build_rules(column: int) -> Iterator[_Step]:
    """Yields the steps that decide each system call, with the numbers of one machine."""
    for numbers in _DENIED_CALLS.values():
        if (number := numbers[column]) is not None:
            yield from ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, _DENY))
    yield from ((_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _ERROR | errno.ENOSYS))
    for numbers, argument in _OWN_PROCESS_CALLS.values():  # 0 also means this process
        yield from _build_argument_check(numbers[column], argument, [0, os.getpid()], default=_DENY)
    yield from _build_argument_check(_CLONE[column], _CLONE_FLAGS, [_THREAD], default=_DENY, mask=_THREAD)
    private_flags = [0, 0x01, 0x20]
    yield from _build_argument_check(
        _MMAP[column], _MMAP_FLAGS, private_flags, default=_DENY, mask=_ANONYMOUS_SHARED
    )
    yield from _build_argument_check(_FCNTL[column], _FCNTL_COMMAND, _SET_OWNER, default=_ALLOW)


def _build_argument_check(
    number: int, argument: int, values: Collection[int], default: int, mask: int = 0xFFFFFFFF
) -> Iterator[_Step]:
    """Yields steps that return `default` for a call unless its argument has one of the values."""
    for_values = _DENY if default == _ALLOW else _ALLOW
    yield (_EQUAL, 0, len(values) + 4, number)
    yield (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)  # both machines put the low half first
    yield (_AND, 0, 0, mask)
    for index, value in enumerate(values):
        yield (_EQUAL, len(values) - index, 0, value)
    yield (_RETURN, 0, 0, default)
    yield (_RETURN, 0, 0, for_values)
