"""Whether the web server is about to stop: one byte that gunicorn's master shares with the workers it forks.

Standard library only, because the master imports it before there is a Django.
"""

import mmap

_flag = mmap.mmap(-1, 1)


def begin() -> bool:
    """From now on `/ready` says no. False where it said so already."""
    first = not is_draining()
    _flag[0] = 1
    return first


def is_draining() -> bool:
    return _flag[0] == 1
