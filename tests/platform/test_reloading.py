import threading
import time

import pytest

from recsite.platform import generations
from recsite.platform.exceptions import UserFacingError
from recsite.platform.reloading import Reloading


class Source:
    """Something that others change."""

    def __init__(self) -> None:
        self.value, self.fault, self.reads = "old", "", 0

    def read(self) -> str:
        self.reads += 1
        if self.fault:
            raise UserFacingError(self.fault)
        return self.value


@pytest.fixture
def generation(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The generation as every copy sees it; tests raise it."""
    numbers = [0]
    monkeypatch.setattr(generations, "current", lambda name: numbers[0])
    return numbers


def wake(copy: Reloading[str]) -> None:
    """As after the pause between two readings."""
    copy._not_before = 0


def test_it_is_read_at_the_first_use_and_then_kept(generation: list[int]) -> None:
    source = Source()
    copy = Reloading("test", source.read)
    assert source.reads == 0
    assert [copy.current(), copy.current()] == ["old", "old"]
    assert source.reads == 1


def test_it_is_read_again_when_the_epoch_rises(generation: list[int]) -> None:
    source = Source()
    copy = Reloading("test", source.read)
    copy.current()
    source.value, generation[0] = "new", 1
    wake(copy)
    assert [copy.current(), copy.current()] == ["new", "new"]
    assert source.reads == 2


def test_what_takes_long_to_read_is_not_read_again_at_once(generation: list[int]) -> None:
    source = Source()
    copy = Reloading("test", source.read)
    copy.current()
    source.value, generation[0] = "new", 1
    copy._not_before = time.monotonic() + 60
    assert copy.current() == "old"


def test_when_reading_again_fails_the_old_copy_serves_and_says_why_until_it_succeeds(generation: list[int]) -> None:
    source = Source()
    copy = Reloading("test", source.read)
    copy.current()
    source.fault, generation[0] = "It is damaged.", 1
    wake(copy)
    assert copy.current() == "old"
    assert copy.fault == "It is damaged."
    source.value, source.fault = "new", ""
    wake(copy)
    assert copy.current() == "new"
    assert copy.fault == ""


def test_without_a_first_copy_the_reader_hears_why(generation: list[int]) -> None:
    source = Source()
    source.fault = "It is gone."
    with pytest.raises(UserFacingError, match=r"It is gone\."):
        Reloading("test", source.read).current()


def test_a_makeshift_serves_until_the_first_reading_succeeds(generation: list[int]) -> None:
    source = Source()
    source.fault = "It is gone."
    copy = Reloading("test", source.read, lambda: "makeshift")
    assert copy.current() == "makeshift"
    assert copy.fault == "It is gone."
    source.fault = ""
    wake(copy)
    assert copy.current() == "old"


def test_while_one_thread_reads_the_others_use_the_old_copy(generation: list[int]) -> None:
    reading, finish = threading.Event(), threading.Event()
    values = iter(["old", "new"])

    def read() -> str:
        value = next(values)
        if value == "new":
            reading.set()
            finish.wait(10)
        return value

    copy = Reloading("test", read)
    copy.current()
    generation[0] = 1
    wake(copy)
    reader = threading.Thread(target=copy.current)
    reader.start()
    reading.wait(10)
    assert copy.current() == "old"
    finish.set()
    reader.join()
    assert copy.current() == "new"


def test_a_change_during_the_reading_makes_it_read_again(generation: list[int]) -> None:
    source = Source()

    def read() -> str:
        value = source.read()
        if source.reads == 1:
            source.value, generation[0] = "new", 1
        return value

    copy = Reloading("test", read)
    assert copy.current() == "old"
    wake(copy)
    assert copy.current() == "new"


def test_a_replacement_does_not_undo_a_newer_reading(generation: list[int]) -> None:
    copy = Reloading("test", Source().read)
    old = copy.current()
    copy.replace("something else", "wrong")
    assert copy.current() == old
    copy.replace(old, "right")
    assert copy.current() == "right"
