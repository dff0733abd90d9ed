"""A text field that offers, while it is typed, what its text may name: items, people, categories, values of filters."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.forms import Field
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

ADDRESS = "suggestions"
"""The name of the page that answers with options."""


LEAN = "rs-input"
"""The class of a field in place of the thirty that the theme writes into each: a draft has hundreds of fields."""


class Kind(StrEnum):
    """Say what a field names."""

    ITEM = "item"
    USER = "user"
    USERS = "users"
    """Several ids: the last one is completed."""
    CATEGORY = "category"
    FILTER = "filter"
    """An expression: the value that is being written at its end."""


class SuggestingInput(UnfoldAdminTextInputWidget):
    """Offer suggestions below the field, by htmx. Without scripts it is a text field."""

    template_name = "admin/parts/suggesting.html"

    def __init__(self, kind: Kind, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", **(attrs or {})})
        self.kind = kind

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the list of options, and what fills it; both are found by the id of the field."""
        context = super().get_context(name, value, attrs)
        own = context["widget"]["attrs"]
        own["list"] = f"{own.get('id') or name}-names"
        return {**context, "names": own["list"], "asks": asks(self.kind)}

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        return render_to_string(template_name, context)


def lean(fields: Mapping[str, Field]) -> None:
    """Give the widgets of fields the one class that our styles draw."""
    for field in fields.values():
        field.widget.attrs["class"] = LEAN


def asks(kind: str) -> str:
    """Return the address that a field of this kind asks."""
    return reverse(ADDRESS, args=[kind])
