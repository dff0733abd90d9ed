"""Run `make demo`: servers, data, a trained model, then web, worker and beat until stopped."""

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from recsite.local import environment, kafka, locks, servers, source
from recsite.local.console import say, step
from recsite.local.environment import state_dir
from recsite.local.kafka import Kafka
from recsite.local.paths import LocalError, make_state
from recsite.local.processes import wait_until
from recsite.local.server import Server, is_free
from recsite.local.supervisor import Child, Stopped, Supervisor

ANSWER_SECONDS = 120.0
NO = ("0", "no", "false")


def check(state: Path) -> None:
    """Refuse everything that can be refused before anything slow happens. Raises LocalError."""
    if environment.is_production():
        raise LocalError("ENVIRONMENT is production here, and the demo makes demo data: start it where it isn't.")
    with_kafka()
    source.choose(source.Source.asked_for(os.environ), source.Source.remembered(state))
    number = port()
    if running := running_demo(state):
        raise LocalError(f"The demo already runs at {running['url']} (process {running['pid']}): 'make stop' ends it.")
    # Servers of a demo that was killed need a moment to notice and to free the port.
    if not wait_until(lambda: is_free(number), 2.0):
        raise LocalError(
            f"Port {number} can't be used (something else has it?): choose another, as in 'make demo PORT=8123'."
        )


def port() -> int:
    text = environment.setting("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise LocalError(f"PORT is {text!r}, but a number from 1 to 65535 is needed.")
    return int(text)


def with_kafka() -> bool:
    """Tell if `make demo KAFKA=1` was meant. Raises LocalError where no broker can run here."""
    asked = os.environ.get("KAFKA", "").lower() not in ("", *NO)
    if asked and (reason := kafka.missing()):
        raise LocalError(f"{reason} 'make demo' without KAFKA=1 needs neither.")
    return asked


def running_demo(state: Path) -> dict[str, Any] | None:
    """Return the url and pid of the demo that runs from this state folder."""
    path = state / "demo.lock"
    if not path.exists():
        return None
    handle = locks.take_exclusive(path)
    if handle is not None:
        os.close(handle)
        return None
    with suppress(OSError, ValueError):
        return dict(json.loads(path.read_text()))
    return {"url": "an address it will print", "pid": 0}


def demo() -> None:
    """Run until stopped. Raises LocalError where something the user can mend is in the way."""
    state = make_state(state_dir().resolve())
    check(state)
    lock = locks.take_exclusive(state / "demo.lock")
    if lock is None:
        return check(state)
    url = f"http://127.0.0.1:{port()}"
    os.truncate(lock, 0)
    os.write(lock, json.dumps({"url": url, "pid": os.getpid()}).encode())
    # One machine, one person: nobody needs time to notice that the web server leaves.
    os.environ.setdefault("DRAIN_SECS", "0")
    os.environ.update(ENVIRONMENT="demo", RECSITE_STATE=str(state), PORT=str(port()), BIND=f"127.0.0.1:{port()}")
    with suppress(Stopped), Supervisor(state / "logs") as supervisor:
        _serve(supervisor, state, url)
    return None


def _serve(supervisor: Supervisor, state: Path, url: str) -> None:
    wanted: tuple[type[Server], ...] = (*servers.KINDS, *([Kafka] if with_kafka() else []))
    names = [kind.name for kind in wanted]
    with step(f"Starting {', '.join(names[:-1])} and {names[-1]}"):
        used = servers.ensure(kinds=wanted)
    with used:
        try:
            supervisor.check()
            _prepare(supervisor, url)
            _start(supervisor, url)
            _show(state)
            supervisor.watch(lambda: _revive(used))
        finally:
            say("\nStopping ...")
            # Before the servers, which the end of the block may stop: who still works would only see them go.
            supervisor.stop()


def _revive(used: servers.Servers) -> None:
    try:
        used.revive()
    except LocalError as error:
        say(str(error))


def _prepare(supervisor: Supervisor, url: str) -> None:
    asked = source.Source.asked_for(os.environ)
    flags = ["--data", asked.path, "--format", asked.format] if asked else []
    if said := os.environ.get("WITH_PAST", ""):
        flags.append("--no-past" if said.lower() in NO else "--with-past")
    # Many a data set is a list of ratings alone: its items get their ids for titles, instead of being refused.
    policy = environment.setting("UNKNOWN_ITEM_POLICY") or "placeholder"
    command = [sys.executable, "manage.py", "prepare_demo", "--url", url, *flags]
    if environment.setting(Kafka.variable):
        supervisor.run([sys.executable, "manage.py", "create_topics"])
    code = supervisor.run(command, UNKNOWN_ITEM_POLICY=policy)
    if code != 0:
        raise LocalError("The demo can't start: mend what is said above, then run 'make demo' again.")


def _start(supervisor: Supervisor, url: str) -> None:
    """Start the web server alone until it answers, since somebody waits for the pages; then the others."""
    python = [sys.executable, "-m"]
    with step("Starting the web server"):
        web = supervisor.start("web", [*python, "gunicorn", "-c", "recsite/gunicorn.py", "recsite.wsgi"])
        _wait_for_pages(supervisor, web, url)
    say("== Starting the workers and beat")
    celery = [*python, "celery", "-A", "recsite.celery", "--quiet"]
    # A worker for each queue: what is quick doesn't wait behind a training.
    supervisor.start("worker", [*celery, "worker", "-Q", "default", "-n", "default@%h", "--concurrency", "2"])
    supervisor.start("training", [*celery, "worker", "-Q", "training", "-n", "training@%h", "--concurrency", "1"])
    if environment.setting(Kafka.variable):
        say("== Starting the consumer of events, the relay, and who answers requests")
        supervisor.start("consumer", [sys.executable, "manage.py", "consume_events"])
        supervisor.start("relay", [sys.executable, "manage.py", "relay_events"])
        supervisor.start("answers", [sys.executable, "manage.py", "answer_requests"])
    supervisor.start("beat", [*celery, "beat", "--pidfile="])


def _wait_for_pages(supervisor: Supervisor, web: Child, url: str) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while not _answers(url):
        supervisor.check()
        if web.process.poll() is not None:
            raise LocalError(f"The web server ended ({web.last_words()}): see {web.log}; PORT=8123 would move it.")
        if time.monotonic() > deadline:
            raise LocalError(f"The web server doesn't answer at {url}/ping: see {web.log}.")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/ping", timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def _show(state: Path) -> None:
    access = json.loads((state / "demo.json").read_text())
    started = float(os.environ.get("RECSITE_STARTED", time.time()))
    # One below the other, as wide as the longest name.
    accounts = f"\n{' ' * 14}".join(f"user {name:<14} password {word}" for name, word in access["accounts"].items())
    say(
        f"""
recsite runs (ready after {time.time() - started:.0f} s)

  Storefront  {access["url"]}
  Admin       {access["admin_url"]}
              {accounts}
  API docs    {access["docs_url"]}
  API call    curl -H "Authorization: Api-Key {access["api_key"]}" \\
                "{access["example_call"]}"

  Stop        Ctrl-C here, or 'make stop' elsewhere; 'make reset' throws the data away
  Logs        {state / "logs"}
"""
    )


def stop(state: Path) -> bool:
    """Ask the demo of this state folder to stop, and wait for it. False where none runs."""
    running = running_demo(state)
    if not running or not running["pid"]:
        return False
    with suppress(ProcessLookupError):
        os.kill(running["pid"], signal.SIGTERM)
    if not wait_until(lambda: not running_demo(state), ANSWER_SECONDS):
        raise LocalError(f"The demo (process {running['pid']}) doesn't stop: end it with 'kill -9 {running['pid']}'.")
    return True
