"""Add one rule to what a placement is to show next, whatever else its draft says."""

from recommender.merchandising.drafts import save_draft
from recommender.merchandising.placements import find
from recommender.merchandising.rules import Rule
from recommender.merchandising.settings import ListSettings
from recommender.models import Placement
from recsite.platform.audit import Actor


def add_rule(placement: Placement, rule: Rule, *, actor: Actor) -> Placement:
    """Put a rule before all others of the draft, begun from what is live where there is none; return the placement.

    Of equals the first counts, so the newest decision does. A rule that stands there already is not put there twice.
    Raises Invalid, and StaleDraft where somebody has saved between reading and writing.
    """
    held = find(placement.name)
    live = held.live.settings if held.live else {}
    own = ListSettings.stored(live if held.draft is None else held.draft)
    if rule in own.rules:
        return held
    values = own.as_json() | {"rules": [rule.as_json(), *(one.as_json() for one in own.rules)]}
    return save_draft(held, values, held.draft_version, actor=actor)
