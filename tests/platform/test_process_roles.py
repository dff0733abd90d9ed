"""The roles of the image: one home of their commands, and an entry point that says in a sentence what is wrong."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from wsgiref.simple_server import make_server

import pytest

from recsite import probing, process_roles
from recsite.local.paths import PROJECT
from recsite.platform import queues
from tests.platform.test_settings import SOUND

ENTRYPOINT = PROJECT / process_roles.ENTRYPOINT


def entrypoint(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", "RECSITE_STATE": str(folder), **SOUND, **settings}
    return subprocess.run([ENTRYPOINT, *arguments], cwd="/", env=own, capture_output=True, text=True, check=False)


def test_each_queue_has_its_worker() -> None:
    assert process_roles.QUEUES.keys() == set(queues.NAMES)


def test_commands_of_manage_py_exist() -> None:
    for role in process_roles.ROLES.values():
        if role.arguments[0] == "manage.py" and role.name != process_roles.MIGRATE:
            assert list(PROJECT.glob(f"*/management/commands/{role.arguments[1]}.py")), role.name


def test_a_worker_starts_as_its_queue_wants_it_and_settings_win() -> None:
    worker = process_roles.ROLES[process_roles.WORKER]
    words = " ".join(worker.command({"WORKER_QUEUE": "training"}))
    assert "--queues training --hostname training@%h --concurrency 1 --max-memory-per-child 4194304" in words
    words = " ".join(worker.command({"WORKER_CONCURRENCY": "7", "WORKER_MAX_MEMORY_MB": "100"}))
    assert "--queues default --hostname default@%h --concurrency 7 --max-memory-per-child 102400" in words


def test_no_command_is_left_with_a_gap() -> None:
    for role in process_roles.ROLES.values():
        command = role.command({})
        assert command[0] == sys.executable
        assert not [word for word in command if "$" in word]


@pytest.mark.parametrize(
    ("arguments", "given", "code", "sentence"),
    [
        ((), {}, 64, r"Name one role \(web, worker, beat, consumer, relay, answers, migrate\), or manage.py"),
        (("boss",), {}, 64, "There is no role 'boss': one of web, worker,"),
        (("web",), {"DATABASE_URL": ""}, 78, "recsite can't start: DATABASE_URL is missing."),
        (("web",), {"ENVIRONMENT": "production"}, 78, "recsite can't start: SECRET_KEY must be a random text"),
        (("beat",), {"DEBUG": "maybe"}, 78, "recsite can't start: DEBUG is 'maybe', but true or false is needed."),
        (("worker",), {"WORKER_QUEUE": "slow"}, 78, "recsite can't start: WORKER_QUEUE is 'slow', but one of default,"),
        (("worker",), {"METRICS_PORT": "x"}, 78, "recsite can't start: METRICS_PORT is 'x', but a whole number"),
        (("consumer",), {}, 78, "recsite can't start: KAFKA_BOOTSTRAP_SERVERS is not set, and the role consumer is"),
        (
            ("beat",),
            {"RECSITE_STATE": "/proc/none"},
            78,
            "recsite can't start: RECSITE_STATE is /proc/none, which can't be",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence_and_an_exit_code(
    tmp_path: Path, arguments: tuple[str, ...], given: dict[str, str], code: int, sentence: str
) -> None:
    done = entrypoint(tmp_path, *arguments, **given)
    assert (done.returncode, done.stdout) == (code, "")
    assert re.match(sentence, done.stderr), done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("", "127.0.0.1"),
        ("*", "127.0.0.1"),
        ("recs.example.com,127.0.0.1", "recs.example.com"),
        (".a.example", "a.example"),
    ],
)
def test_the_probe_asks_by_a_name_that_the_site_answers_to(allowed: str, host: str) -> None:
    heard: list[str] = []

    def answer(environ: dict[str, str], start: Any) -> list[bytes]:
        heard.append(environ["HTTP_HOST"])
        start("200 OK", [])
        return [b"{}"]

    with make_server("127.0.0.1", 0, answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        environ = {"PORT": str(server.server_port), "ALLOWED_HOSTS": allowed}
        assert probing.ask(process_roles.ROLES[process_roles.WEB], environ) == (True, "The web works.")
        thread.join()
    assert heard == [host]
