"""What drf-spectacular can't find out by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library has no types here
    target_class = "recsite.platform.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key KEY`, with a key from the admin or from `manage.py create_api_key NAME`.",
        }


class ErrorDetail(serializers.Serializer):
    code = serializers.CharField(help_text="Such as invalid, unauthenticated, not_found, unavailable.")
    message = serializers.CharField(help_text="What is wrong, and what to do.")
    details = serializers.DictField(child=serializers.CharField(), help_text="A sentence for each wrong field.")


class Error(serializers.Serializer):
    """Every error looks like this."""

    error = ErrorDetail()
    request_id = serializers.CharField(help_text="As in the X-Request-ID header: find it in the log.")
    timestamp = serializers.DateTimeField()
