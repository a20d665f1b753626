"""Only the program's own user can read the files that it makes, independent of the umask."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from seatwright.core.errors import Unavailable

OTHERS = 0o077
"""All rights of the group and of everybody else."""
_OTHERS_WRITE = 0o022


def make_files_private() -> None:
    """From now on, all files that this process and its children make are private to their user."""
    os.umask(OTHERS)


def close_file(path: Path) -> None:
    """Take away all rights that other users have on the file at `path`, if there is one.

    Raises `Unavailable`, with the command that repairs it, if this user may not do that.
    """
    try:
        mode = path.stat().st_mode
        if mode & OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Unavailable(
            f"Other users of this machine can use {path}, and that can't be changed ({error.strerror}): "
            f"run `chmod go= {shlex.quote(str(path))}` as its owner.",
            code="open_to_others",
        ) from error


def close_directory(path: Path) -> None:
    """Let no other user create or replace files in a directory of this user.

    A directory of another user, or one in which everybody can change only their own files (such as /tmp), stays as it
    is.
    """
    found = path.stat()
    if found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX and found.st_mode & _OTHERS_WRITE:
        path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS_WRITE)
