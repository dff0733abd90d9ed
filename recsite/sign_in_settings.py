"""Read the settings of how staff sign in; recsite.settings takes them all over.

django-allauth does the work: its tables are always there, its pages only where one of the two is switched on.
"""

from typing import Any

from recsite import env
from recsite.roles import ROLES

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

SECOND_FACTOR = env.choice("SECOND_FACTOR", "off", ("off", "optional", "required"))
OIDC_ISSUER, OIDC_CLIENT_ID = env.text("OIDC_ISSUER").rstrip("/"), env.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET, OIDC_NAME = env.text("OIDC_CLIENT_SECRET"), env.text("OIDC_NAME", "single sign-on")
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM", "groups")
OIDC_ROLES = env.pairs("OIDC_ROLES")
"""Which role each group of the provider has here; where none is named, accounts and roles are made by hand."""

if (OIDC_ISSUER or OIDC_CLIENT_ID) and not (OIDC_ISSUER and OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
    env.fail("Single sign-on needs OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: set all three, or none.")
if OIDC_ISSUER and not OIDC_ISSUER.startswith(("https://", "http://127.0.0.1", "http://localhost")):
    env.fail(f"OIDC_ISSUER is {OIDC_ISSUER!r}, but an https address is needed: who signs in is read from there.")
if unknown := sorted(set(OIDC_ROLES.values()) - set(ROLES)):
    env.fail(f"OIDC_ROLES names the role {unknown[0]!r}, but one of {', '.join(ROLES)} is needed.")

SIGN_IN_PAGES = bool(OIDC_ISSUER) or SECOND_FACTOR != "off"
"""Tell if staff sign in by the pages of `recsite.sign_in` instead of the admin's own."""

SIGN_IN_APPS = [
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
ACCOUNT_ADAPTER = "recsite.sign_in.accounts.Accounts"
ACCOUNT_FORMS = {
    "login": "recsite.sign_in.forms.PasswordForm",
    "reauthenticate": "recsite.sign_in.forms.PasswordAgainForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Guessing is slowed by our own limits, which hold for the API as well.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "admin:login"
MFA_ADAPTER = "recsite.sign_in.second_factor.SecondFactor"
MFA_FORMS = {
    "authenticate": "recsite.sign_in.forms.CodeForm",
    "reauthenticate": "recsite.sign_in.forms.CodeAgainForm",
    "activate_totp": "recsite.sign_in.forms.FirstCodeForm",
}
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "recsite"
SOCIALACCOUNT_ADAPTER = "recsite.sign_in.single_sign_on.SingleSignOn"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = ""
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}
