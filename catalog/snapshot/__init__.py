"""Keep what a list needs to know of every item in the memory of each process, so that an answer needs no query.

Whoever changes items calls `bump()`; every process has what changed within two seconds. What is known of a million
items lies in files that the processes of a machine share (`files`), mapped as arrays (`base`); what has changed since
is laid over them (`state`, `advancing`), and read by the numbers of transactions (`changes`).
"""

import logging
import threading

from django.db import connection, transaction

from catalog.snapshot.base import NO_DATE as NO_DATE
from catalog.snapshot.base import NO_GROUP as NO_GROUP
from catalog.snapshot.expressions import mask as mask
from catalog.snapshot.expressions import price_of as price_of
from catalog.snapshot.filters import Filter as Filter
from catalog.snapshot.filters import Filtered as Filtered
from catalog.snapshot.holding import GENERATION as GENERATION
from catalog.snapshot.refresher import Refresher
from catalog.snapshot.snapshot import Snapshot as Snapshot
from recsite.platform import generations

logger = logging.getLogger(__name__)


def current() -> Snapshot:
    """Return the catalogue as this process knows it.

    Raises DatabaseDown where it was never read and can't be now, or where reading a large one has only begun.
    """
    return _copy.current()


def prepare() -> None:
    """Begin to read the catalogue by a thread of its own, so that the first request of a process finds it."""
    threading.Thread(target=_prepare, name="reading the catalogue", daemon=True).start()


def _prepare() -> None:
    try:
        current()
    except Exception as error:
        # The first request tries again, and says what is wrong.
        logger.info("The catalogue could not be read ahead: %s", error)
    finally:
        connection.close()


def bump() -> None:
    """Tell every process that the catalogue has changed: call it wherever items are written; waits for the commit."""
    generations.bump(GENERATION)
    transaction.on_commit(_copy.wake, robust=True)


def fault() -> str:
    """Return why this process can't bring its copy up to date, or keeps it in a costly way; empty where all is well."""
    return _copy.fault


def forget() -> None:
    """Start again with nothing read, for tests."""
    _copy.forget()


_copy = Refresher()
