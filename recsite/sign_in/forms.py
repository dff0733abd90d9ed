"""The forms by which staff sign in to the admin."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.forms import ReauthenticateForm as ReauthenticatePasswordForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from recsite.sign_in.accounts import NOT_STAFF, refuse_guessing


class SignInForm(AuthenticationForm):
    """Ask for name and password, on the admin's own page."""

    def clean(self) -> dict[str, Any]:
        """Refuse whoever guesses too quickly, before the password is looked at."""
        if self.request is not None:
            refuse_guessing(self.request, self.cleaned_data.get("username") or "")
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class PasswordForm(LoginForm):
    """Ask the same where a second factor or single sign-on is switched on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "username", "autofocus": True})
        self.fields["password"].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"})
        self.fields["password"].help_text = ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if self.user is not None and not self.user.is_staff:
            self.add_error(None, NOT_STAFF)
        return cleaned


class _Code(BaseAuthenticateForm):
    """Ask for the code of the second factor; it has six digits, so it is guessed no quicker than a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = code_widget()

    def clean_code(self) -> str:
        refuse_guessing(context.request, self.user.get_username())
        code: str = super().clean_code()
        return code


class CodeForm(_Code, AuthenticateForm):
    """Ask for the code while somebody signs in."""


class CodeAgainForm(_Code, ReauthenticateForm):
    """Ask for it again before something that needs it fresh."""


class FirstCodeForm(ActivateTOTPForm):
    """Ask for the first code of an app that was just set up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = code_widget()


class PasswordAgainForm(ReauthenticatePasswordForm):
    """Ask for the password again before something that needs it fresh."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"})


def code_widget() -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(
        attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    )
