"""What a person sees in the terminal: one line for each step, and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str = "") -> None:
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    say(f"== {title}")
    start = time.monotonic()
    yield
    say(f"   done in {time.monotonic() - start:.1f} s")
