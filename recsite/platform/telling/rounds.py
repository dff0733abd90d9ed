"""Do one round of telling, in the order in which a failure loses nothing: note what holds, put messages, send them."""

from collections.abc import Iterable

from django.utils import timezone

from recsite.platform.alerts import Alert
from recsite.platform.locks import exclusive
from recsite.platform.telling import episodes, messages, sending


def tell(found: Iterable[Alert]) -> int:
    """Tell what began and what ended, and return how many subscriptions got something. Raises AlreadyRunning."""
    with exclusive("The telling of alerts"):
        now = timezone.now()
        episodes.follow(found, now)
        messages.put(now)
        sent = sending.send(timezone.now())
        episodes.prune(now)
    return sent
