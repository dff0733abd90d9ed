"""Form fields for ids, arrays and objects of the catalogue."""

import json
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.db.models import JSONField, TextField
from django.forms.fields import InvalidJSONInput
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from catalog.ids import MAX_ID_LENGTH, InvalidId, clean_id
from catalog.importers.records import load_json, storable
from catalog.importers.rows import BadField
from recsite.platform.suggesting import Kind, SuggestingInput


class Lines(SimpleArrayField):
    """Edit a list with one value on each line, so that a value may hold a comma."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["help_text"] = kwargs.get("help_text") or "One on each line."
        super().__init__(*args, **kwargs, delimiter="\n")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = [line.strip() for line in value.splitlines() if line.strip()]
        return super().to_python(value)


class SuggestingLines(UnfoldAdminTextareaWidget):
    """Edit lines, with a field beside them that offers what there is and adds a line of it by a script."""

    def __init__(self, kind: Kind, label: str) -> None:
        super().__init__({"rows": 4})
        self.label, self.adding = label, SuggestingInput(kind)

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        lines: SafeString = super()._render("unfold/widgets/textarea.html", context, renderer)
        field = context["widget"]["attrs"].get("id", "")
        about = {"id": f"{field}-adding", "aria-label": self.label, "placeholder": self.label, "data-adds-to": field}
        return lines + self.adding.render(f"_{context['widget']['name']}", "", about)


class Names(forms.JSONField):
    """Edit a JSON object, shown with a line for each name."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False)
        return super().prepare_value(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return the text as it was typed: it may be no JSON."""
        return initial if self.disabled or data is None else InvalidJSONInput(data)

    def to_python(self, value: Any) -> Any:
        found = _read(value) if isinstance(value, str) and value.strip() else super().to_python(value)
        if found is not None and not isinstance(found, dict):
            raise ValidationError('Write an object, such as {"name": "value"}.')
        return found or {}


class Id(forms.CharField):
    """Ask for an id, and bring it into its one form."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_ID_LENGTH, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        try:
            return clean_id(text) if text else ""
        except InvalidId as wrong:
            raise ValidationError(f"The id {wrong}.") from wrong


def _read(text: str) -> Any:
    """Return the value of a JSON text; refuse one that PostgreSQL can't store."""
    try:
        found = load_json(text, "this")
        return storable(found, "this") if isinstance(found, dict) else found
    except BadField as error:
        raise ValidationError(f"Enter a valid JSON: {error}.") from error


SHORT = UnfoldAdminTextareaWidget(attrs={"rows": 4})
FIELDS: dict[Any, dict[str, Any]] = {
    ArrayField: {"form_class": Lines, "widget": SHORT},
    JSONField: {"form_class": Names, "widget": SHORT},
    TextField: {"widget": SHORT},
}
"""For an admin's `formfield_overrides`."""
