"""Hand a task to the workers while a client waits for the answer: at once, or with a clear no."""

from typing import Any

from kombu.exceptions import OperationalError

from recsite.platform.exceptions import Unavailable

AT_ONCE: dict[str, Any] = {"socket_connect_timeout": 0.25, "socket_timeout": 0.5, "max_retries": 1, "interval_start": 0}
"""As long as requests wait for Redis elsewhere. Workers, which have no client waiting, wait longer (the settings)."""

UNREACHABLE = "The queue can't be reached: check that Redis is running, then start it again."


def hand(task: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None, **options: Any) -> None:
    """Put a task into its queue, by a connection of its own. Raises Unavailable within about a second.

    Those of Celery's pool wait for a broker that hangs as long as workers may, and several times.
    """
    try:
        with task.app.connection_for_write(transport_options=AT_ONCE) as connection:
            task.apply_async(args, kwargs, connection=connection, retry=False, **options)
    except OperationalError as error:
        raise Unavailable(UNREACHABLE) from error
