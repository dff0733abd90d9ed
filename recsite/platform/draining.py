"""Share one byte between gunicorn's master and its workers: it tells that the web server is about to stop.

Standard library only, because the master imports it before there is a Django.
"""

import mmap

_flag = mmap.mmap(-1, 1)


def begin() -> bool:
    """Let `/ready` say no from now on; return False where it did so already."""
    first = not is_draining()
    _flag[0] = 1
    return first


def is_draining() -> bool:
    return _flag[0] == 1
