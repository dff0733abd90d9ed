"""A consumer in a process of its own, and what makes it wait."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

from interactions.schema import Event
from recsite.local.paths import PROJECT
from tests import brokers


@contextmanager
def holding_back(event: Event) -> Iterator[None]:
    """Let whoever stores this event wait for another transaction, for the block: it can't be over before."""
    columns = "event_id, occurred_at, user_id, item_id, type_id, undated, received_at"
    with psycopg.connect(database_url()) as other:
        other.execute(
            f"INSERT INTO interactions_interaction ({columns}) VALUES (%s, %s, 0, 0, 0, false, now())",
            [event.event_id, event.occurred_at],
        )
        try:
            yield
        finally:
            other.rollback()


def database_url() -> str:
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)


@contextmanager
def consuming(group: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process in the group, on the same database and broker, with small batches."""
    command = [sys.executable, "manage.py", "consume_events", "--group", group, "--batch", "50"]
    environment = {**os.environ, **brokers.environment(), "DATABASE_URL": database_url()}
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
