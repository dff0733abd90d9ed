import os
import threading

import pytest

from recsite.platform.breaker import Breaker, CircuitOpen
from tests.outages import wait_until


class Server:
    """Something that is there or not, and counts who asks."""

    def __init__(self) -> None:
        self.gone, self.calls, self.probes = False, 0, 0

    def use(self) -> str:
        self.calls += 1
        return self._answer()

    def probe(self) -> None:
        self.probes += 1
        self._answer()

    def _answer(self) -> str:
        if self.gone:
            raise ConnectionError("gone")
        return "here"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def breaker(server: Server) -> Breaker:
    return Breaker("The server", lambda error: isinstance(error, ConnectionError), server.probe)


def test_calls_pass_while_all_is_well(breaker: Breaker, server: Server) -> None:
    assert breaker.call(server.use) == "here"


def test_after_a_fault_nobody_tries_again_in_a_request(breaker: Breaker, server: Server) -> None:
    server.gone = True
    with pytest.raises(ConnectionError):
        breaker.call(server.use)
    for _ in range(5):
        with pytest.raises(CircuitOpen):
            breaker.call(server.use)
    assert server.calls == 1
    breaker.close()


def test_it_closes_by_itself_when_the_server_is_back(breaker: Breaker, server: Server) -> None:
    server.gone = True
    with pytest.raises(ConnectionError):
        breaker.call(server.use)
    wait_until(lambda: server.probes > 0)
    server.gone = False
    wait_until(lambda: not breaker.is_open)
    assert breaker.call(server.use) == "here"


def test_what_is_no_fault_of_the_server_leaves_it_closed(breaker: Breaker) -> None:
    with pytest.raises(IndexError):
        breaker.call(lambda: [].pop())
    assert not breaker.is_open


def test_many_faults_at_once_start_one_watch(breaker: Breaker) -> None:
    for _ in range(10):
        breaker.open(ConnectionError("gone"))
    assert sum(thread.name == "waiting for The server" for thread in threading.enumerate()) == 1
    breaker.close()


def test_a_forked_child_starts_closed_because_the_watch_stayed_behind(breaker: Breaker) -> None:
    breaker.open(ConnectionError("gone"))
    child = os.fork()
    if not child:
        os._exit(int(breaker.is_open))
    _, status = os.waitpid(child, 0)
    breaker.close()
    assert os.waitstatus_to_exitcode(status) == 0
