"""Write tombstones beside the backups as they happen: a backup of before learns of erasures that came after it.

The journal is a folder of small files, in the order of their names: what was erased, what was lifted. Each backup
begins with all tombstones of then in one file, so an entry that could not be written is missing until then at most.
"""

import logging
import secrets
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from prometheus_client import Counter

from catalog.models import Erasure
from recsite.platform.backup import storage

logger = logging.getLogger(__name__)
failures = Counter("erasure_journal_failures_total", "Erasures that could not be written beside the backups at once.")
FOLDER, MOMENT, ALL = "erasures", "%Y%m%d-%H%M%S-%f", "all"
ERASED, LIFTED = "erased", "lifted"
OVERLAP = timedelta(hours=1)
"""How far the clocks of machines may be apart."""


def note(digests: Collection[bytes], what: str) -> None:
    """Write down, once the transaction is committed, that these were erased, or lifted."""
    if digests and storage.is_set_up():
        transaction.on_commit(partial(_note, sorted(digests), what))


def _note(digests: list[bytes], what: str) -> None:
    try:
        _write(timezone.now(), what, digests)
    except Exception:
        # The user is erased all the same.
        failures.inc()
        logger.exception(
            "An erasure could not be written beside the backups. 'manage.py backup create' does it, too: run it now."
        )


def write_all() -> None:
    """Write all tombstones in one file, and delete the entries that it makes needless."""
    at = timezone.now()
    digests = [bytes(one) for one in Erasure.objects.order_by("pk").values_list("digest", flat=True).iterator()]
    _write(at, ALL, digests)
    names = sorted(storage.names(FOLDER)[1])
    complete = [name for name in names if _what(name) == ALL]
    for name in names:
        is_former = _what(name) == ALL and name != complete[-1]
        if is_former or (_what(name) != ALL and _at(name) < at - OVERLAP):
            storage.place().delete(f"{FOLDER}/{name}")


def known() -> tuple[set[bytes], set[bytes]]:
    """Return the tombstones that hold now, and those that were lifted since the last complete file."""
    names = sorted(storage.names(FOLDER)[1], key=_at)
    complete = [name for name in names if _what(name) == ALL]
    erased = set(_read(complete[-1])) if complete else set[bytes]()
    since = _at(complete[-1]) - OVERLAP if complete else None
    lifted = set[bytes]()
    for name in names:
        if _what(name) == ALL or (since and _at(name) < since):
            continue
        digests = set(_read(name))
        if _what(name) == ERASED:
            erased, lifted = erased | digests, lifted - digests
        else:
            erased, lifted = erased - digests, lifted | digests
    return erased, lifted


def is_kept() -> bool:
    """Tell whether there is a journal."""
    return bool(storage.names(FOLDER)[1])


def _write(at: datetime, what: str, digests: Collection[bytes]) -> None:
    name = f"{FOLDER}/{at:{MOMENT}}-{secrets.token_hex(4)}.{what}"
    text = "".join(f"{digest.hex()}\n" for digest in digests)
    storage.place().save(name, File(BytesIO(text.encode()), name))


def _read(name: str) -> Iterator[bytes]:
    with storage.reading(f"{FOLDER}/{name}") as file:
        for line in file.read().split():
            yield bytes.fromhex(line.decode())


def _what(name: str) -> str:
    return name.rpartition(".")[2]


def _at(name: str) -> datetime:
    return datetime.strptime(f"{name[:22]}+0000", f"{MOMENT}%z")
