"""Say which variants would silently show what is live: what leads them, or their release, is not there."""

from collections.abc import Iterator

from recommender import registry
from recommender.insight.experiments.definition import Definition, VariantSpec
from recommender.merchandising.settings import IMPERSONAL
from recommender.registry.leaders import Leaders, leaders_of

ALWAYS = tuple(name for name in IMPERSONAL if name != "popular")
"""What leads lists without any model."""


def unservable(definition: Definition) -> list[str]:
    """Return a sentence for each variant that can't be shown, with what there is."""
    said = list(definition.gone_releases())
    live = registry.live_release()
    # Before the first release nothing leads yet, so there is nothing to name.
    if live and any(one.algorithm or one.content_weight is not None for one in definition.variants):
        there = leaders_of(live)
        said += [sentence for one in definition.variants for sentence in _misled(one, there)]
    return said


def same_as_live(definition: Definition) -> list[str]:
    """Return a sentence for each variant whose release is the live one: named so, or promoted since."""
    live = registry.live_release()
    return [
        f"{one.name} shows what is live, since release {one.release} is: what is measured meanwhile says nothing of a "
        "difference. Leave the release out where what is live is meant."
        for one in definition.variants
        if live and one.release == live.pk
    ]


def _misled(one: VariantSpec, there: Leaders) -> Iterator[str]:
    names = dict.fromkeys((*there.names, *ALWAYS))
    if one.algorithm and one.algorithm not in names:
        yield f"{one.name} can't be shown: {one.algorithm} is not in the live release. There are {', '.join(names)}."
    elif one.content_weight is not None and not there.has_content:
        yield f"{one.name} can't be shown: what the live release leads with has no content to weigh."
