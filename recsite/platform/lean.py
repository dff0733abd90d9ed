"""For operations that answer in less time than REST framework's own steps take."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from recsite.platform.authentication import admit
from recsite.platform.errors import Failure, explain

_NOT_ALLOWED = Failure(405, "Only GET is possible here.", headers={"Allow": "GET, HEAD"})


class LeanJsonView(APIView):
    """A read-only operation under the same rules and with the same errors as the others.

    It skips REST framework's request, content negotiation and renderer. `get` takes Django's request and returns
    the answer's JSON as a dict; being an APIView, it stands in the schema.
    """

    http_method_names = ["get", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if request.method not in ("GET", "HEAD"):
                return _NOT_ALLOWED.as_json()
            admit(request)
            return JsonResponse(self.get(request, *args, **kwargs))
        except Exception as error:
            if (failure := explain(error)) is None:
                raise
            return failure.as_json()

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError
