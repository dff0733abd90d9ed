"""Ask how a file is to be read: its format, what its rows are, and which column holds which field."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog.importers.columns import FIELDS_OF
from catalog.importers.registry import GENERAL
from catalog.importers.rows import Scale, UnreadableSource
from interactions.importing import reading
from interactions.importing.reading import Columns

KINDS = [
    ("", "what its columns say"),
    ("users", "users, one in each row"),
    ("items", "items, one in each row"),
    ("events", "events, one in each row"),
]
NEEDED = {"users": ("user_id",), "items": ("item_id", "title"), "events": ("user_id", "item_id")}
MAPPED = "map-"
"""How the names of the boxes begin that choose columns."""


class ReadingForm(forms.Form):
    """Ask for a format and, of files whose columns are chosen, for the kind of rows, the scale and the columns."""

    format = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget,
        help_text="csv: any delimited text with a user, an item and more. jsonl: one JSON object in each line.",
    )
    kind = forms.ChoiceField(label="It holds", choices=KINDS, required=False, widget=UnfoldAdminSelectWidget)
    scale = forms.CharField(
        label="Scale of ratings",
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": reading.DEFAULT_SCALE}),
        help_text="From the least to the best, such as 1..5 or 0..10. For events alone.",
    )

    def __init__(self, chosen: dict[str, Any], found: Columns | None, data: Any = None) -> None:
        super().__init__(data, initial=chosen)
        self.fields["format"].choices = reading.formats()  # type: ignore[attr-defined]  # its own
        self._found = found
        if chosen["format"] not in GENERAL:
            del self.fields["kind"], self.fields["scale"]
        elif found:
            for name in FIELDS_OF[found.kind]:
                self.fields[f"{MAPPED}{name}"] = _column(name, found, chosen["mapping"])

    @property
    def options(self) -> list[Any]:
        """Return the boxes above the columns."""
        return [field for field in self if not field.name.startswith(MAPPED)]

    @property
    def mapped(self) -> list[Any]:
        """Return the boxes that choose columns."""
        return [field for field in self if field.name.startswith(MAPPED)]

    def clean_scale(self) -> str:
        scale = str(self.cleaned_data["scale"]).strip()
        try:
            return scale if not scale or Scale.parse(scale) else ""
        except UnreadableSource as error:
            raise forms.ValidationError(str(error)) from error

    def reading(self) -> dict[str, Any]:
        """Return how the file is read from now on. Columns that are found by their names need no mapping."""
        values = self.cleaned_data
        kind, mapping = values.get("kind", ""), {}
        # The boxes are about the kind of rows that the page showed: of another kind they say nothing.
        if self._found and kind in ("", self._found.kind):
            names = {name: values[name] for name in values if name.startswith(MAPPED) and values[name]}
            mapping = {name.removeprefix(MAPPED): column for name, column in names.items()}
            if mapping == dict(self._found.usual):
                mapping = {}
            kind = self._found.kind if mapping else kind
        return {"format": values["format"], "kind": kind, "scale": values.get("scale", ""), "mapping": mapping}


def _column(name: str, found: Columns, mapping: dict[str, str]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=name,
        required=False,
        choices=[("", "no column"), *found.names],
        initial=mapping.get(name, found.usual.get(name, "")),
        widget=UnfoldAdminSelectWidget,
        help_text="Needed." if name in NEEDED[found.kind] else "",
    )
