"""Keys of age (https://age-encryption.org): the public one makes backups, the secret one reads them, too."""

import pyrage

SECRET_PREFIX, PUBLIC_PREFIX = "AGE-SECRET-KEY-", "age1"


def public_of(key: str) -> str:
    """Return the public key of a pair, whichever of the two is given; empty for no key. Raises ValueError."""
    try:
        if key.startswith(SECRET_PREFIX):
            return str(pyrage.x25519.Identity.from_str(key).to_public())
        return str(pyrage.x25519.Recipient.from_str(key)) if key else ""
    except (pyrage.IdentityError, pyrage.RecipientError) as error:
        raise ValueError(
            f"it begins with {PUBLIC_PREFIX} (makes backups) or {SECRET_PREFIX} (reads them, too)"
        ) from error


def new_pair() -> tuple[str, str]:
    """Return a new secret key and its public one."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())
