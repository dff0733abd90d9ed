"""Take any text as the last or a middle part of an address: the ids of outside systems may hold slashes."""

from django.urls import register_converter
from django.urls.converters import IntConverter, PathConverter


class AnyText(PathConverter):
    """Matches like `path`, line breaks included: what is no id is refused by the operation, with its reason."""

    regex = "(?s:.+)"


class Number(IntConverter):
    """Take the number of a row: one that PostgreSQL's bigint can hold."""

    regex = "[0-9]{1,18}"


register_converter(AnyText, "anytext")
register_converter(Number, "number")
