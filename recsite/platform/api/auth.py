"""Sign staff in to the API, by tokens."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed

from recsite.platform import attempts, second_factor, staff_tokens
from recsite.platform.json_view import JsonBodyView, no_content
from recsite.platform.request_fields import Field, Fields, described, read_fields
from recsite.platform.schema import problems
from recsite.platform.staff_tokens import Tokens, WrongToken
from recsite.platform.values import Text

CODE_NEEDED = "The account has a second factor: send its code as `code`, too."
WRONG_CODE = "The code is wrong, or was used already: send the one that the app shows now, or a recovery code."
PASSWORD = Text(4096)
TOKEN = Text(4096)
SIGN_IN: Fields = {
    "username": Field(Text(150), "The account's name.", is_required=True),
    "password": Field(PASSWORD, "Its password.", is_required=True),
    "code": Field(Text(20), "A code of the second factor, or a recovery code, where the account has one."),
}
REFRESH: Fields = {"refresh": Field(TOKEN, "The latest refresh token of the sign-in.", is_required=True)}
REVOKE: Fields = {"token": Field(TOKEN, "An access or refresh token of the sign-in.", is_required=True)}
EXAMPLE = {"access": "eyJhbGciOi...", "refresh": "eyJhbGciOi...", "token_type": "Bearer", "expires_in": 900}


class TokensOut(serializers.Serializer):
    access = serializers.CharField(help_text="Send it as `Authorization: Bearer ACCESS`.")
    refresh = serializers.CharField(help_text="Renews both, once.")
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds that the access token is good.")


class MakeTokens(JsonBodyView):
    @extend_schema(
        operation_id="sign_in",
        tags=["Staff"],
        summary="Sign in",
        description=(
            "For staff: they act by the permissions of their account, as in the admin. Wrong passwords are slowed by "
            "account and by address (429)."
        ),
        auth=[],
        request=described(SIGN_IN),
        responses={200: TokensOut, **problems(413, 415)},
        examples=[OpenApiExample("Tokens", EXAMPLE, response_only=True, status_codes=[200])],
    )
    def post(self, request: HttpRequest, body: Any) -> dict[str, Any]:
        given = read_fields(SIGN_IN, body)
        attempts.check(request, given["username"])
        user: Any = authenticate(request, username=given["username"], password=given["password"])
        if user is None or not user.is_staff:
            raise AuthenticationFailed("The name or the password is wrong, or the account isn't one of staff.")
        _check_code(request, user, given.get("code") or "")
        return _shape(staff_tokens.begin(user))


def _check_code(request: HttpRequest, user: Any, code: str) -> None:
    """Ask for the second factor of an account that has one, or must have one: a password alone opens no door then."""
    if second_factor.is_set_up(user):
        if not code:
            raise AuthenticationFailed(CODE_NEEDED)
        if not second_factor.accepts(user, code):
            attempts.note(request, user.get_username())
            raise AuthenticationFailed(WRONG_CODE)
    elif settings.SECOND_FACTOR == second_factor.REQUIRED:
        raise AuthenticationFailed(second_factor.FIRST)


class RefreshTokens(JsonBodyView):
    @extend_schema(
        operation_id="refresh_tokens",
        tags=["Staff"],
        summary="Renew tokens",
        description="A refresh token is good once. If it comes again, somebody may have copied it: the sign-in ends.",
        auth=[],
        request=described(REFRESH),
        responses={200: TokensOut, **problems(413, 415)},
        examples=[OpenApiExample("Tokens", EXAMPLE, response_only=True, status_codes=[200])],
    )
    def post(self, request: HttpRequest, body: Any) -> dict[str, Any]:
        given = read_fields(REFRESH, body)
        try:
            return _shape(staff_tokens.renew(given["refresh"]))
        except WrongToken as error:
            raise AuthenticationFailed(str(error)) from error


class RevokeTokens(JsonBodyView):
    @extend_schema(
        operation_id="sign_out",
        tags=["Staff"],
        summary="Sign out",
        description="All tokens of the sign-in end at once.",
        auth=[],
        request=described(REVOKE),
        responses={204: None, **problems(413, 415)},
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        given = read_fields(REVOKE, body)
        try:
            staff_tokens.revoke(given["token"])
        except WrongToken as error:
            raise AuthenticationFailed(str(error)) from error
        return no_content()


def _shape(tokens: Tokens) -> dict[str, Any]:
    return {
        "access": tokens.access,
        "refresh": tokens.refresh,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
    }
