"""Form fields for what the catalogue keeps in arrays and objects."""

import json
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.db.models import JSONField, TextField
from unfold.widgets import UnfoldAdminTextareaWidget


class Lines(SimpleArrayField):
    """A list with one value on each line, so that a value may hold a comma."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["help_text"] = kwargs.get("help_text") or "One on each line."
        super().__init__(*args, **kwargs, delimiter="\n")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = [line.strip() for line in value.splitlines() if line.strip()]
        return super().to_python(value)


class Names(forms.JSONField):
    """A JSON object, shown with a line for each name."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False)
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        if found is not None and not isinstance(found, dict):
            raise ValidationError('Write an object, such as {"name": "value"}.')
        return found or {}


SHORT = UnfoldAdminTextareaWidget(attrs={"rows": 4})
FIELDS: dict[Any, dict[str, Any]] = {
    ArrayField: {"form_class": Lines, "widget": SHORT},
    JSONField: {"form_class": Names, "widget": SHORT},
    TextField: {"widget": SHORT},
}
"""For an admin's `formfield_overrides`."""
