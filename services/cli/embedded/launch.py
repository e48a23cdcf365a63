"""Become a child that dies with its supervisor, then run a program in its place.

Run as a file by a fresh interpreter (`python -I -S launch.py SETTINGS PROGRAM ARGUMENT…`), so that all this
happens after the fork, in a process with one thread: a `preexec_fn` would run Python in a copy of a process
whose other threads may hold locks. It imports the standard library only. SETTINGS is the JSON of
`child.Launch`.
"""

import ctypes
import json
import os
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CLONE_NEWUSER = 0x10000000
_CAPABILITY_VERSION_3 = 0x20080522

NOT_STARTED = 127


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library that answers 0, or raise its error."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def set_death_signal(number: int) -> None:
    """Have the kernel send this process a signal when the thread that started it ends; only Linux can.

    A change of user, group or capabilities takes it back, so it comes after all of those.
    """
    if sys.platform == "linux":
        _call("prctl", _PR_SET_PDEATHSIG, number, 0, 0, 0)


def _become(user: int, group: int, capability: int | None) -> None:
    """Give up root for good, keeping at most one capability (numbers below 32), also across exec."""
    os.setgroups([])
    if capability is not None:
        _call("prctl", _PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    if capability is not None:
        bit = 1 << capability
        data = (_CapabilityData * 2)(_CapabilityData(bit, bit, bit), _CapabilityData(0, 0, 0))
        _call("capset", ctypes.byref(_CapabilityHeader(_CAPABILITY_VERSION_3, 0)), data)
        _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def _rename_in_namespace(user: int, group: int) -> None:
    """Be seen as another user by ourselves only: to the rest of the system this stays who it was."""
    outer_user, outer_group = os.geteuid(), os.getegid()
    _call("unshare", _CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {outer_user} 1"),
        ("gid_map", f"{group} {outer_group} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)


def main(arguments: list[str]) -> None:
    """Apply the settings and exec the program; on failure say why on standard error and exit with 127."""
    settings = json.loads(arguments[0])
    program = arguments[1:]
    try:
        os.umask(0o077)
        drop = settings["drop"]
        if drop is not None and drop["namespace"]:
            _rename_in_namespace(drop["user"], drop["group"])
        elif drop is not None:
            _become(drop["user"], drop["group"], drop["capability"])
        set_death_signal(settings["death_signal"])
        # The parent may have died before the kernel was told to watch it.
        if os.getppid() != settings["parent"]:
            sys.exit(NOT_STARTED)
        if settings["folder"] is not None:
            os.chdir(settings["folder"])
        os.execv(program[0], program)  # noqa: S606 -- no shell is wanted: the arguments are a list already
    except OSError as error:
        sys.stderr.write(f"{program[0]} could not be started: {error}\n")
        sys.exit(NOT_STARTED)


if __name__ == "__main__":
    main(sys.argv[1:])
