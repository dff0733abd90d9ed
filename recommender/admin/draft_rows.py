"""The rows of a placement's draft: each setting in words, what is live where that differs, and its fields."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.forms import BoundField

from recommender.admin.placement_forms import PLACES, DraftForm
from recommender.merchandising import ListSettings, fields_of
from recommender.merchandising.settings import TABLE, in_words

OF_THEIR_OWN = ("filter", "rules")
"""Settings that have rows of their own."""


@dataclass(frozen=True, slots=True)
class SettingRow:
    """Hold one setting. `live` is empty where the draft says what is live."""

    name: str
    label: str
    words: str
    live: str
    fields: Sequence[BoundField]

    @property
    def is_open(self) -> bool:
        """Tell if something is wrong with it, so that nobody looks for the field."""
        return any(field.errors for field in self.fields)


def setting_rows(form: DraftForm, own: ListSettings, live: ListSettings) -> list[SettingRow]:
    """Return the settings that lists of the placement's kind have, in the order of the table."""
    return [
        SettingRow(
            name,
            TABLE[name][2].capitalize(),
            in_words(name, getattr(own, name)),
            in_words(name, getattr(live, name)) if getattr(own, name) != getattr(live, name) else "",
            [form[one] for one in (PLACES if name == "fallbacks" else (name,))],
        )
        for name in fields_of(form.placement.kind)
        if name not in OF_THEIR_OWN
    ]
