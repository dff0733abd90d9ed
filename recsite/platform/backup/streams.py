"""Streams that are counted, hashed, encrypted (age, https://age-encryption.org) and handed from one to the other."""

import io
import os
import threading
from collections.abc import Callable
from hashlib import sha256
from typing import IO, Protocol, cast

import pyrage
from django.conf import settings

from recsite.platform.backup.keys import SECRET_PREFIX, public_of
from recsite.platform.exceptions import UserFacingError

CHUNK = 1 << 20


class Readable(Protocol):
    """Is read from its beginning to its end."""

    def read(self, size: int = -1, /) -> bytes: ...


class KeyMissing(UserFacingError):
    """The backup can't be read with the key that is set."""


class Counted(io.RawIOBase):
    """Pass a stream on, and know how long it was and its SHA-256."""

    def __init__(self, source: Readable) -> None:
        self._source, self._digest, self.bytes = source, sha256(), 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size) or b""
        self._digest.update(data)
        self.bytes += len(data)
        return data

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def drain(self) -> None:
        """Read what is left, so that the hash is that of the whole."""
        while self.read(CHUNK):
            pass


class Piped(io.RawIOBase):
    """Read what a function writes, while it writes: it works in a thread of its own. What it raises is raised here."""

    def __init__(self, work: Callable[[IO[bytes]], None]) -> None:
        reader, writer = os.pipe()
        self._reader = os.fdopen(reader, "rb")
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work, os.fdopen(writer, "wb")), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[IO[bytes]], None], writer: IO[bytes]) -> None:
        try:
            with writer:
                work(writer)
        except BaseException as fault:
            self._fault = fault

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._reader.read(size)
        if not data and size:
            self._thread.join()
            if self._fault:
                raise self._fault
        return data

    def close(self) -> None:
        if not self.closed:
            # Whoever still writes is told by a broken pipe.
            self._reader.close()
            self._thread.join()
        super().close()


def recipient() -> str:
    """Return the public key that backups are encrypted for; empty where they are not encrypted."""
    return public_of(settings.BACKUP_KEY)


def can_read(key: str) -> bool:
    """Tell whether what was encrypted for this public key can be read here."""
    return not key or (settings.BACKUP_KEY.startswith(SECRET_PREFIX) and recipient() == key)


def key_needed(key: str) -> str:
    """Say which key is needed to read what was encrypted for `key`."""
    return f"This backup is encrypted for {key}: set BACKUP_KEY to the secret key that belongs to it."


def sealed(source: IO[bytes]) -> IO[bytes]:
    """Encrypt a stream while it is read; where no key is set it stays as it is."""
    if not (public := recipient()):
        return source
    to = pyrage.x25519.Recipient.from_str(public)
    return cast(IO[bytes], Piped(lambda writer: pyrage.encrypt_io(source, writer, [to])))


def unseal(source: Readable, target: IO[bytes], key: str) -> None:
    """Write a stream that was encrypted for `key` to `target` as it was. Raises KeyMissing."""
    if not key:
        while data := source.read(CHUNK):
            target.write(data)
        return
    if not can_read(key):
        raise KeyMissing(key_needed(key))
    try:
        pyrage.decrypt_io(source, target, [pyrage.x25519.Identity.from_str(settings.BACKUP_KEY)])
    except pyrage.DecryptError as error:
        raise KeyMissing(f"A file of this backup can't be decrypted: {error}.") from error
