"""A cached answer of a placement with ten rules, an experiment, and both, beside one without, by one gunicorn."""

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import django

from tests.bench.serving import ROUNDS, burst, server, warmed_users

PLAIN, RULED, TRIED, BOTH, DRAFTED = PLACEMENTS = tuple(
    f"bench-{name}" for name in ("plain", "rules", "experiment", "both", "interleaved")
)
POPULAR = 200
"""Items among which the most common categories are looked for."""


def rules() -> list[dict[str, Any]]:
    """Ten rules of every kind, all in force, over the categories that are most common among popular items."""
    from recommender.serving.candidates import current_context

    context = current_context()
    catalogue = context.catalogue
    popular = context.everybody().head(POPULAR, catalogue.available).rows.tolist()
    counts = Counter(name for row in popular for name in catalogue.categories[row])
    names = [name for name, _ in counts.most_common(4)]
    first, second, third, fourth = (f"category == {json.dumps(name)}" for name in (names * 4)[:4])
    item = catalogue.item_ids[int(catalogue.available.argmax())]
    return [
        {"does": "pin", "item": item, "position": 3},
        {"does": "pin_best", "filter": second, "position": 5},
        {"does": "block", "filter": "age_days < 0"},
        {"does": "block", "filter": 'tags == "withdrawn"', "audience": "user.country is missing"},
        {"does": "boost", "filter": first, "factor": 2},
        {"does": "boost", "filter": third, "factor": 1.5, "from_hour": "00:00", "until_hour": "23:59"},
        {"does": "bury", "filter": fourth, "factor": 3},
        {"does": "at_most", "property": "category", "count": 4, "first": 10},
        {"does": "at_most", "property": "creator", "count": 2, "first": 10},
        {"does": "at_least", "filter": second, "count": 1, "first": 10, "starts": "2020-01-01"},
    ]


def start_experiments() -> None:
    """An experiment whose variants show the same, so that it alone costs what differs; and one that is interleaved."""
    from recommender.insight.experiments import verbs
    from recsite.platform.audit import SYSTEM

    same = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5}]
    two = [same[0], same[1] | {"algorithm": "popular"}]
    for placement, kind, variants in ((TRIED, "aa", same), (BOTH, "aa", same), (DRAFTED, "interleaving", two)):
        body = {"key": placement, "hypothesis": "It costs little.", "placement": placement, "kind": kind}
        verbs.start(verbs.create(body | {"variants": variants}, actor=SYSTEM), actor=SYSTEM)


def measure() -> dict[str, Any]:
    from recommender import merchandising
    from recommender.models import Experiment, Placement
    from recsite.platform.audit import SYSTEM

    users, made = warmed_users(), rules()
    Experiment.objects.filter(key__in=PLACEMENTS).delete()
    Placement.objects.filter(name__in=PLACEMENTS).delete()
    for name in PLACEMENTS:
        values = {"rules": made} if name in (RULED, BOTH) else {}
        merchandising.create(name, "user", values=values, actor=SYSTEM)
    start_experiments()
    lists = {
        name: [f"/api/v1/recommendations/users/{quote(user, safe='')}?placement={name}" for user in users]
        for name in PLACEMENTS
    }
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in lists}
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (port, pid):
        for paths in lists.values():
            burst(port, pid, paths)
        for _ in range(ROUNDS):
            for name, paths in lists.items():
                rounds[name].append(burst(port, pid, paths))
    found = {name: {figure: median(one[figure] for one in its) for figure in its[0]} for name, its in rounds.items()}
    Experiment.objects.filter(key__in=PLACEMENTS).delete()
    named = {"plain": PLAIN, "ruled": RULED, "tried": TRIED, "both": BOTH, "drafted": DRAFTED}
    return {name: found[placement] for name, placement in named.items()} | {"rules": len(made), "users": len(users)}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
