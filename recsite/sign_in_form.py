"""The form by which staff sign in to the admin."""

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from recsite.platform import attempts
from recsite.platform.limits import TooManyRequests


class SignInForm(AuthenticationForm):
    def clean(self) -> dict[str, Any]:
        """Refuse whoever guesses too quickly, before the password is looked at."""
        if self.request is not None:
            try:
                attempts.check(self.request, self.cleaned_data.get("username") or "")
            except TooManyRequests as refusal:
                sentence = f"Too many wrong passwords. {refusal.when}"
                raise ValidationError(sentence, code="too_many_attempts") from refusal
        cleaned: dict[str, Any] = super().clean()
        return cleaned
