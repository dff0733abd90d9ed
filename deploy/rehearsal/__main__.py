"""Rehearse production on this machine, from the files that are shipped, and print a table of what held.

    make setup && deploy/rehearse [--keep]

It brings its own PostgreSQL, Redis and Kafka, and starts nginx, two web processes, both workers, beat, consumer and
relay by the shipped entry point, with production's settings and secrets from files. Prometheus scrapes all of them
with the shipped rules. Then, under load through nginx: a rolling restart of the web processes, a worker that is
stopped until its alert fires, a backup that is restored and compared. It needs nginx and prometheus (Debian's
packages), Java 17 and Maven, and takes ten minutes. Exits with 1 where a promise was not kept.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg

from deploy.rehearsal.front import NGINX, Front, front
from deploy.rehearsal.scraping import Prometheus, is_installed, scraping
from deploy.rehearsal.stage import Failed, Stage
from deploy.rehearsal.traffic import Traffic
from recsite.local import servers
from recsite.local.console import say
from recsite.local.kafka import Kafka, missing
from recsite.local.paths import PROJECT, LocalError
from recsite.local.postgres import Postgres
from recsite.local.processes import wait_until
from recsite.local.redis import Redis
from recsite.process_roles import BEAT, CONSUMER, MIGRATE, RELAY, WEB

FOLDER = PROJECT / ".local" / "rehearsal"
ALERTS = ("ProcessDown", "WorkerMissing")
ALERT_SECS, RESOLVED_SECS, STORED_SECS = 240.0, 120.0, 120.0
LOAD_SECS = 20.0
ELSEWHERE = "rehearsal_restored"


class Table:
    """Note what was tried, how long it took and what came out."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, str, bool]] = []

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Note a step; what it says last stands in its row. A failure ends the rehearsal."""
        said, began = [""], time.monotonic()
        say(f"== {title}")
        try:
            yield lambda sentence: said.__setitem__(0, sentence)
        except Failed as failure:
            self.rows.append((title, time.monotonic() - began, str(failure), False))
            raise
        self.rows.append((title, time.monotonic() - began, said[0], True))
        say(f"   {said[0]}")

    def show(self) -> None:
        width = max(len(title) for title, *_ in self.rows)
        say("")
        for title, seconds, sentence, is_kept in self.rows:
            say(f"  {'held  ' if is_kept else 'FAILED'}  {title:<{width}}  {seconds:6.1f} s  {sentence}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help=f"Leave {FOLDER.relative_to(PROJECT)} with logs and data.")
    asked = parser.parse_args()
    if lacking := _lacking():
        say(lacking)
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    os.environ["RECSITE_STATE"] = str(FOLDER)
    table = Table()
    try:
        with servers.ensure(kinds=(Postgres, Redis, Kafka)):
            rehearse(table)
    except (Failed, LocalError) as failure:
        say(f"   {failure}")
    finally:
        if table.rows:
            table.show()
    is_kept = bool(table.rows) and all(row[3] for row in table.rows)
    if is_kept and not asked.keep:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 0 if is_kept else 1


def rehearse(table: Table) -> None:
    stage = Stage.build(FOLDER)
    with ExitStack() as stack:
        stack.callback(stage.stop)
        with table.step("Migrate, topics, data") as note:
            stage.command(MIGRATE)
            stage.command("manage.py", "create_topics")
            stage.command("manage.py", "prepare_demo", "--no-past", "--url", "https://shop.test", ENVIRONMENT="demo")
            stage.command("manage.py", "collectstatic", "--noinput")
            note("by the role migrate and commands of the entry point")
        with table.step("Start every role") as note:
            webs = [stage.start(name, WEB) for name in ("web-1", "web-2")]
            stage.queue("default"), stage.queue("training")
            for role in (BEAT, CONSUMER, RELAY):
                stage.start(role, role)
            note(f"{len(stage.actors)} processes, healthy by their own probes")
        proxy = stack.enter_context(front(FOLDER / "nginx", *(one.port for one in webs)))
        prometheus = stack.enter_context(scraping(FOLDER / "prometheus", list(stage.actors.values())))
        with table.step("Prometheus scrapes all, rules loaded") as note:
            note(scraped(prometheus, len(stage.actors)))
        key = stage.demo()["api_key"]
        users, items = known(proxy, key, "users", "user_id"), known(proxy, key, "items", "item_id")
        with Traffic(proxy, key, users, items) as traffic:
            with table.step("Load through nginx") as note:
                time.sleep(LOAD_SECS)
                note(nothing_failed(traffic))
            with table.step("Rolling restart under load") as note:
                took = []
                for web in webs:
                    took.append(web.stop())
                    web.start()
                note(f"{nothing_failed(traffic)}; stops took {took[0]:.1f} and {took[1]:.1f} s")
            with table.step("A worker is stopped: its alert fires") as note:
                note(alerted(stage, prometheus))
            with table.step("A backup under load, restored and compared") as note:
                note(restored(stage))
            nothing_failed(traffic)
        with table.step("Every accepted event is stored") as note:
            note(all_stored(traffic))
        with table.step("Everything stops when told") as note:
            stops = {name: actor.stop() for name, actor in reversed(stage.actors.items())}
            note(", ".join(f"{name} {seconds:.1f} s" for name, seconds in stops.items()))


def _lacking() -> str:
    if not NGINX or not is_installed():
        return "The rehearsal needs nginx and prometheus: install Debian's packages of these names."
    return missing()


def known(proxy: Front, key: str, what: str, name: str) -> list[str]:
    """Return ids that the product knows."""
    answer = proxy.ask(f"/api/v1/{what}?limit=100", Authorization=f"Api-Key {key}")
    if answer.status != 200:
        raise Failed(f"GET {what} answers with {answer.status}: {answer.body[:200]!r}")
    found = json.loads(answer.body)
    return [row[name] for row in found.get("results") or found[what]]


def scraped(prometheus: Prometheus, number: int) -> str:
    if not wait_until(lambda: sum(prometheus.up().values()) == number, 60):
        raise Failed(f"Prometheus reaches {sum(prometheus.up().values())} of {number} processes: {prometheus.up()}")
    if not wait_until(lambda: prometheus.rules()[0] > 0, 30):
        raise Failed("Prometheus has loaded no rules.")
    time.sleep(5)
    rules, wrong = prometheus.rules()
    if wrong:
        raise Failed(f"Rules can't be evaluated: {wrong[:3]}")
    return f"{number} of {number} processes are up, {rules} rules are evaluated"


def nothing_failed(traffic: Traffic) -> str:
    if traffic.failed:
        raise Failed(f"Requests failed: {traffic.failed} of {traffic.statuses.total()}.")
    return f"{traffic.statuses.total():,} requests so far, none failed"


def alerted(stage: Stage, prometheus: Prometheus) -> str:
    worker = stage.actors["worker-default"]
    took, began = worker.stop(), time.monotonic()
    if not wait_until(lambda: prometheus.firing() & set(ALERTS), ALERT_SECS):
        raise Failed(f"No alert fires within {ALERT_SECS:.0f} seconds; these do: {sorted(prometheus.firing())}.")
    fired, names = time.monotonic() - began, sorted(prometheus.firing() & set(ALERTS))
    worker.start()
    if not wait_until(lambda: not prometheus.firing() & set(ALERTS), RESOLVED_SECS):
        raise Failed(f"The alert still fires {RESOLVED_SECS:.0f} seconds after the worker is back.")
    return f"stopped in {took:.1f} s; {', '.join(names)} after {fired:.0f} s, and gone when it was back"


def restored(stage: Stage) -> str:
    stage.command("manage.py", "backup", "create")
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(f"DROP DATABASE IF EXISTS {ELSEWHERE}")
        session.execute(f"CREATE DATABASE {ELSEWHERE}")
    there = {
        "DATABASE_URL": f"{url.rpartition('/')[0]}/{ELSEWHERE}",
        "MODEL_STORAGE_PATH": str(stage.folder / "restored-models"),
        "REDIS_URL": f"{os.environ['REDIS_URL'].rpartition('/')[0]}/9",
    }
    said = stage.command("manage.py", "backup", "restore", "latest", **there)
    return said.strip().splitlines()[-1]


def all_stored(traffic: Traffic) -> str:
    def stored() -> int:
        with psycopg.connect(os.environ["DATABASE_URL"]) as session:
            row = session.execute(
                "SELECT count(DISTINCT event_id) FROM interactions_interaction WHERE event_id = ANY(%s::uuid[])",
                [traffic.accepted],
            ).fetchone()
        return int(row[0]) if row else 0

    if not wait_until(lambda: stored() == len(traffic.accepted), STORED_SECS):
        raise Failed(f"{stored()} of {len(traffic.accepted)} accepted events are stored.")
    return f"{len(traffic.accepted)} of {len(traffic.accepted)}"


if __name__ == "__main__":
    sys.exit(main())
