"""The base of operations that take a body of JSON: they skip most of REST framework, as `lean` does for reading."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from recsite.platform import browser_access, idempotency
from recsite.platform.authentication import admit, caller_of
from recsite.platform.error_shape import NO_STORE
from recsite.platform.errors import Failure, answered
from recsite.platform.json_body import read_json
from recsite.platform.lean import NOT_ACCEPTABLE, json_response, takes_json
from recsite.platform.query import Query

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class JsonBodyView(APIView):
    """An operation under the same rules and with the same errors as all others.

    It skips REST framework's request, content negotiation and renderer, which take as long as the rest of an event.
    `post`, `put` and `patch` take Django's request and the body's value, `get` and `delete` the request alone. Each
    returns the answer's JSON as a dict, or a whole response where its status or headers are its own.
    """

    success: ClassVar[int] = 200
    takes_limit_along: ClassVar[bool] = False
    """True where the answer begins with a round trip to Redis that takes the question for the limit along."""
    body_is_optional: ClassVar[bool] = False
    """True where an empty body of a POST stands for {}."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return super().dispatch(request, *args, **kwargs)
        return answered(lambda: self._admitted(request, *args, **kwargs), self.refuse)

    def _admitted(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Who may not ask learns that first.
        caller = admit(request, self.takes_limit_along)
        if not takes_json(request.META.get("HTTP_ACCEPT", "")):
            return self.refuse(NOT_ACCEPTABLE)
        if idempotency.applies(request):
            return idempotency.once(request, caller, lambda: self._response(request, *args, **kwargs))
        return self._response(request, *args, **kwargs)

    def refuse(self, failure: Failure) -> HttpResponse:
        """Return the answer that tells of a failure."""
        return failure.as_json()

    def _response(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = self._answer(request, *args, **kwargs)
        return answer if isinstance(answer, HttpResponseBase) else json_response(answer, self.success)

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        method = request.method or ""
        name = "get" if method == "HEAD" else method.lower()
        handler = getattr(self, name, None) if name in self.http_method_names else None
        if handler is None:
            return self._not_allowed()
        if method in WITH_BODY:
            return handler(request, self._checked_body(request), *args, **kwargs)
        if method == "DELETE":
            self.check_query(request)
        return handler(request, *args, **kwargs)

    def _checked_body(self, request: HttpRequest) -> Any:
        body = self.read_body(request)
        caller = caller_of(request)
        if caller is not None and caller.user:
            browser_access.check_body(body, caller)
        return body

    def check_query(self, request: HttpRequest) -> None:
        """Refuse parameters where none means anything."""
        Query(request.GET, ()).check()

    def read_body(self, request: HttpRequest) -> Any:
        """Return the value of the body; an operation that takes more than one type of body has its own way."""
        return read_json(request, self.body_is_optional and request.method == "POST")

    def _not_allowed(self) -> HttpResponse:
        methods = ", ".join(one for one in self.allowed_methods if one not in ("OPTIONS", "HEAD"))
        headers = {"Allow": ", ".join(self.allowed_methods)}
        return self.refuse(Failure(405, f"Possible here: {methods}.", headers=headers))


def created(answer: dict[str, Any], location: str) -> HttpResponse:
    """Return 201 with the new thing and its address."""
    return json_response(answer, 201, location=location)


def no_content() -> HttpResponse:
    """Return 204: it is done, and there is nothing to say."""
    return HttpResponse(status=204, headers={"Cache-Control": NO_STORE})
