"""Forms of rows that have rules: what a verb would refuse is told beside the field."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from recsite.platform.exceptions import Invalid
from recsite.platform.rotation import MOST_HOURS, USUAL_HOURS


class RuledForm(forms.ModelForm):
    """Check the row by the rules of its verbs, which the API follows too."""

    def check_row(self) -> None:
        """Raise Invalid with a sentence for each field that is wrong."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's hook for what needs the whole row; its stubs leave it out
        if self.errors:
            return
        try:
            self.check_row()
        except Invalid as wrong:
            for name, sentence in wrong.errors.items():
                self.add_error(name if name in self.fields else None, sentence)


def overlap_hours(label: str) -> Any:
    """Return the field of a dialog that rotates something."""
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=MOST_HOURS,
        initial=USUAL_HOURS,
        widget=UnfoldAdminIntegerFieldWidget,
    )
