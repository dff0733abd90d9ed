"""The base of operations that take a body of JSON: they skip most of REST framework, as `lean` does for reading."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.utils.mediatypes import media_type_matches
from rest_framework.views import APIView

from recsite.platform.authentication import admit
from recsite.platform.errors import explain
from recsite.platform.lean import NOT_ACCEPTABLE, json_response, takes_json
from recsite.platform.parsers import EMPTY, strict_json
from recsite.platform.query import Query

JSON = "application/json"


class JsonBodyView(APIView):
    """An operation under the same rules and with the same errors as all others.

    It skips REST framework's request, content negotiation and renderer, which take as long as the rest of an event.
    `post` takes Django's request and the body's value, and returns the answer's JSON as a dict, or a response. Other
    methods go through REST framework.
    """

    success: ClassVar[int] = 200
    body_is_optional: ClassVar[bool] = False
    """True where an empty body stands for {}."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        try:
            # Who may not ask learns that first.
            admit(request)
            if not takes_json(request.META.get("HTTP_ACCEPT", "")):
                return NOT_ACCEPTABLE.as_json()
            answer = self.post(request, _body(request, self.body_is_optional), *args, **kwargs)
            return answer if isinstance(answer, HttpResponse) else json_response(answer, self.success)
        except Exception as error:
            if (failure := explain(error)) is None:
                raise
            return failure.as_json()

    def post(self, request: HttpRequest, body: Any, *args: Any, **kwargs: Any) -> dict[str, Any] | HttpResponse:
        """Return the answer to a body; each operation has its own way."""
        raise NotImplementedError


def _body(request: HttpRequest, is_optional: bool) -> Any:
    """Return the value of the body. Refuses an empty one (400) and parameters (422) before anything is read."""
    is_empty = request.META.get("CONTENT_LENGTH") in (None, "", "0")
    if is_empty and not is_optional:
        raise ParseError(EMPTY)
    if request.META.get("QUERY_STRING"):
        Query(request.GET, ()).check()
    if is_empty:
        return {}
    content_type = request.META.get("CONTENT_TYPE", "")
    if content_type != JSON and not media_type_matches(JSON, content_type):
        raise UnsupportedMediaType(content_type)
    try:
        return strict_json(request.read())
    except ValueError as error:
        raise ParseError(str(error)) from error
