"""Count how many of the users active last are in an audience, so that an empty one is named before it is used."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F

from catalog.expressions import Context, matches, parse
from catalog.models import EndUser
from recommender.serving.filtering import about_user, with_activity
from recsite.platform import database

ASKED = 500
"""The users active last, among whom somebody of an audience is looked for."""


@dataclass(frozen=True, slots=True)
class AudienceSize:
    """Hold how many of the users who were asked are in an audience."""

    audience: str
    inside: int
    asked: int

    def __str__(self) -> str:
        of = f"of the {self.asked:,} users active last"
        if not self.inside:
            return f"is for nobody now: {of} none is {self.audience}."
        return f"{self.inside:,} {of}"


def audience_sizes(audiences: Sequence[str]) -> list[AudienceSize]:
    """Return the size of each audience among the users active last. Raises DatabaseDown."""
    active = EndUser.objects.filter(opted_out_at=None).order_by(F("last_active").desc(nulls_last=True), "pk")[:ASKED]
    rows = database.ask(lambda: list(active.values_list("preferences", "demographics", "last_active")))
    now = time.time()
    known = [Context(with_activity(about_user(*row), now)) for row in rows]
    return [
        AudienceSize(text, sum(matches(asked, one) for one in known), len(known))
        for text, asked in ((text, parse(text)) for text in audiences)
    ]
