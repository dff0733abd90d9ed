"""For operations that answer in less time than REST framework's own steps take."""

from collections.abc import Iterable
from typing import Any, ClassVar

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.request import MediaType
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from recsite.platform.authentication import admit
from recsite.platform.error_shape import NO_STORE
from recsite.platform.errors import Failure, answered

ANYTHING = ("", "*/*", "application/json")
NOT_ACCEPTABLE = Failure(406, "Only JSON can be sent: let the Accept header allow application/json.")
_NOT_ALLOWED = Failure(405, "Only GET is possible here.", headers={"Allow": "GET, HEAD"})


class LeanJsonView(APIView):
    """A read-only operation under the same rules and with the same errors as the others.

    It skips REST framework's request, content negotiation and renderer. `get` takes Django's request and returns
    the answer's JSON as a dict, or a response; being an APIView, it stands in the schema.
    """

    http_method_names = ["get", "head"]
    takes_limit_along: ClassVar[bool] = False
    """True where the answer begins with a round trip to Redis that takes the question for the limit along."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return _NOT_ALLOWED.as_json()
        return answered(lambda: self._answer(request, *args, **kwargs))

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        admit(request, self.takes_limit_along)
        if not takes_json(request.META.get("HTTP_ACCEPT", "")):
            return NOT_ACCEPTABLE.as_json()
        answer = self.get(request, *args, **kwargs)
        return answer if isinstance(answer, HttpResponse) else json_response(answer)

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


def json_response(answer: Any, status: int = 200, *, location: str = "") -> HttpResponse:
    """Return the answer as JSON, with its length: clients keep the connection then. `location` says where it leads.

    Nobody may keep it, unless the operation says otherwise: answers are of one user, or change with the next event.
    """
    body = orjson.dumps(answer)
    headers = {"Content-Length": str(len(body)), "Cache-Control": NO_STORE}
    if location:
        headers["Location"] = location
    return HttpResponse(body, status=status, content_type="application/json", headers=headers)


def takes_json(accept: str) -> bool:
    """Tell if an Accept header allows JSON; the ones that nearly all clients send are told by a comparison."""
    return accept in ANYTHING or accepts(accept, ("application/json",))


def accepts(accept: str, media_types: Iterable[str]) -> bool:
    """Tell if an Accept header allows one of these types."""
    wanted = [one for one in map(MediaType, accept.split(",")) if one.quality > 0]
    return any(one.match(media_type) for one in wanted for media_type in media_types)
