"""The base of operations that take a body of JSON."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.views import APIView

from recsite.platform.query import Query

EMPTY = "The body is empty. Send JSON in UTF-8."


class JsonBodyView(APIView):
    """Refuses an empty body (400), which REST framework would take for an empty object, and parameters (422)."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the body after key and permission: who may not ask learns that first."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and request.META.get("CONTENT_LENGTH") in (None, "", "0"):
            raise ParseError(EMPTY)
        Query(request.query_params, ()).check()
