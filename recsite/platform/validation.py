"""What an object of JSON says, by the fields that it may have."""

from typing import Any

from rest_framework import serializers

from recsite.platform.exceptions import Invalid


def given(shape: type[serializers.Serializer], body: Any) -> dict[str, Any]:
    """The checked fields. A field with an unknown name is an error, not passed over. Raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid({"body": "An object is needed."})
    known = list(shape().fields)
    wrong = {name: f"There is no such field. Known: {', '.join(known)}." for name in body.keys() - set(known)}
    read = shape(data=body)
    if not read.is_valid():
        wrong |= {name: _sentence(errors) for name, errors in read.errors.items()}
    if wrong:
        raise Invalid(wrong)
    return dict(read.validated_data)


def _sentence(errors: Any) -> str:
    """The first of what REST framework says of a field, however deep it lies."""
    while not isinstance(errors, str):
        errors = next(iter(errors.values() if isinstance(errors, dict) else errors))
    return errors
