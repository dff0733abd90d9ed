"""Check ids at the doors that speak in errors by field: API, forms, messages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from catalog.ids import InvalidId, clean_id
from recsite.platform.exceptions import Invalid


def valid_id(name: str, text: str) -> str:
    """Return the id in its one form (see `catalog.ids`). Raises Invalid for the field `name`."""
    try:
        return clean_id(text)
    except InvalidId as error:
        raise Invalid({name: f"The id {error}."}) from error


class IdField(models.CharField):
    """Brings the id of a new row into its one form where it is validated. Existing rows keep theirs."""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """Return the cleaned id. Raises ValidationError."""
        is_new = model_instance is None or model_instance._state.adding
        if is_new and isinstance(value, str) and value:
            try:
                value = clean_id(value)
            except InvalidId as error:
                raise ValidationError(f"The id {error}.") from error
        return super().clean(value, model_instance)
