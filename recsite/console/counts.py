"""Count what waits, for the badges of the menu: cheaply, since every page of the admin has them."""

from django.http import HttpRequest

from interactions.models import DeadLetter
from recsite.platform import database
from recsite.platform.database import DatabaseDown

MOST = 99


def dead_letters(request: HttpRequest) -> str:  # noqa: ARG001 - Unfold asks it of a request
    """Return how many dead letters wait, counted up to MOST; nothing where there are none, or nobody knows."""
    try:
        number = database.ask(lambda: DeadLetter.objects.waiting().order_by()[: MOST + 1].count())
    except DatabaseDown:
        return ""
    return f"{MOST}+" if number > MOST else str(number or "")
