"""Show progress in the terminal: one line for each step, and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def say(text: str) -> None:
    """Print at once. A terminal that was closed meanwhile is no reason to leave work half done."""
    with suppress(OSError):
        print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    say(f"== {title}")
    start = time.monotonic()
    yield
    say(f"   done in {time.monotonic() - start:.1f} s")
