"""Read the settings of mail, by which people are told of alerts; recsite.settings takes them all over."""

from pathlib import Path

from recsite import env

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", 587, 1, 65_535)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_USER"), env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", False)
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", not EMAIL_USE_SSL)
if EMAIL_USE_SSL and EMAIL_USE_TLS:
    env.fail("EMAIL_USE_SSL and EMAIL_USE_TLS are both on: a mail server speaks one of them, most of them TLS.")
EMAIL_TIMEOUT = env.integer("EMAIL_TIMEOUT", 10, 1, 120)
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "recsite <recsite@localhost>")
# Where no server is set, mails are files that a developer can read; production says that nothing can be sent.
EMAIL_FILE_PATH = str(Path(env.text("RECSITE_STATE", str(env.PROJECT / ".local"))) / "mail")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
MAIL_IS_SENT = bool(EMAIL_HOST) or not env.is_production()

PUBLIC_URL = env.text("PUBLIC_URL").rstrip("/")
ALERT_TELL_AFTER_SECS = env.integer("ALERT_TELL_AFTER_SECS", 60, 0, 24 * 3600)
ALERT_HISTORY_DAYS = env.integer("ALERT_HISTORY_DAYS", 90, 1)
