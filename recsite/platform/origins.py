"""Origins of web pages, as browsers send them: https://shop.example, with a port where it isn't the usual one."""

import re

_FORM = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[1-9][0-9]{0,4})?")


def is_origin(text: str) -> bool:
    """Tell if the text is an origin as a browser would send it: in lower case, without a path, with no wildcard."""
    return _FORM.fullmatch(text) is not None
