"""Settings of REST framework and of its API's description."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["recsite.platform.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["recsite.platform.authentication.ApiAccess"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["recsite.platform.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "recsite.platform.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
    # Times stay times: orjson writes all of them in one form, 2026-05-01T12:00:00+00:00.
    "DATETIME_FORMAT": None,
}


def description(version: str) -> dict[str, Any]:
    """Return the settings of drf-spectacular."""
    return {
        "TITLE": "recsite",
        "DESCRIPTION": "Recommendations, catalogue and events.",
        "VERSION": version,
        "OAS_VERSION": "3.1.0",
        "SERVE_INCLUDE_SCHEMA": False,
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "interactions.api.event_schema.add_types",
            "recsite.platform.schema.require_bodies",
            "recsite.platform.schema.describe_idempotency",
            "recsite.platform.schema.describe_browser_keys",
        ],
        "ENUM_NAME_OVERRIDES": {
            "RowStatusEnum": [(name, name) for name in ("created", "updated", "unchanged", "refused", "erased")],
            "WebhookStateEnum": [(name, name.title()) for name in ("active", "paused")],
            "DeliveryStateEnum": [(name, name.title()) for name in ("pending", "delivered", "failed")],
            "PlacementKindEnum": [
                (name, name)
                for name in ("any", "user", "session", "similar", "bought-together", "popular", "latest", "trending")
            ],
            "ExperimentKindEnum": [(name, name) for name in ("ab", "aa", "interleaving")],
            "ExperimentStateEnum": [(name, name) for name in ("draft", "running", "paused", "stopped", "archived")],
        },
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
        "SERVE_AUTHENTICATION": [],
    }
