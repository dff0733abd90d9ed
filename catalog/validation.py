"""Check ids at the doors that speak in errors by field: API, forms, messages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from catalog.ids import EMPTY_WORDS, MAX_ID_LENGTH, NEW_PATTERN, PATTERN, InvalidId, clean_id, clean_new_id
from recsite.platform.exceptions import Invalid
from recsite.platform.values import ValueType, WrongValue, no_text


def valid_id(name: str, text: str) -> str:
    """Return the id in its one form (see `catalog.ids`). Raises Invalid for the field `name`."""
    try:
        return clean_id(text)
    except InvalidId as error:
        raise Invalid({name: f"The id {error}."}) from error


class Id(ValueType):
    """Read the id of a user or an item from a parameter or a field of a request."""

    def from_text(self, text: str) -> str:
        """Return the id in its one form. Raises WrongValue."""
        try:
            return clean_id(text)
        except InvalidId as error:
            raise WrongValue(f"The id {error}.") from error

    def from_json(self, value: Any) -> str:
        """Return the id in its one form; a number is no id. Raises WrongValue."""
        if not isinstance(value, str):
            raise no_text("The id must be a text.", value)
        return self.from_text(value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of an id."""
        words = {"not": {"enum": sorted(EMPTY_WORDS)}}
        return {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH, "pattern": PATTERN, **words}


class NewId(Id):
    """Read the id of a user or an item that is to be made: none that is an address of the API."""

    def from_text(self, text: str) -> str:
        """Return the id in its one form. Raises WrongValue."""
        try:
            return clean_new_id(text)
        except InvalidId as error:
            raise WrongValue(f"The id {error}.") from error

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of an id that may be made."""
        return {**super().schema(), "allOf": [{"pattern": NEW_PATTERN}]}


class IdField(models.CharField):
    """Brings the id of a new row into its one form where it is validated. Existing rows keep theirs."""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """Return the cleaned id. Raises ValidationError."""
        is_new = model_instance is None or model_instance._state.adding
        if is_new and isinstance(value, str) and value:
            try:
                value = clean_new_id(value)
            except InvalidId as error:
                raise ValidationError(f"The id {error}.") from error
        return super().clean(value, model_instance)
