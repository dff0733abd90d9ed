"""Make lines of the log of what libraries and commands print: whoever reads a role's output reads JSON alone."""

import io
import logging
import sys
import threading
from types import TracebackType
from typing import TextIO

logger = logging.getLogger("recsite.output")


class LoggedLines(io.TextIOBase):
    """Take the place of an output, and log each line that is written to it."""

    def __init__(self, level: int, real: TextIO) -> None:
        self._level, self._real = level, real
        self._own = threading.local()

    def write(self, text: str) -> int:
        """Log the lines that are whole. What the log itself writes here goes to the real output."""
        if getattr(self._own, "is_logging", False):
            return self._real.write(text)
        *whole, self._own.rest = (getattr(self._own, "rest", "") + text).split("\n")
        self._own.is_logging = True
        try:
            for line in filter(str.strip, whole):
                logger.log(self._level, "%s", line.strip())
        finally:
            self._own.is_logging = False
        return len(text)

    def flush(self) -> None:
        """Log what has no end of line yet."""
        if getattr(self._own, "rest", "").strip() and not getattr(self._own, "is_logging", False):
            self.write("\n")
        self._real.flush()

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._real.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # an attribute there, which nobody sets
        return "utf-8"


def log_what_is_printed() -> None:
    """Log what is printed from now on, warnings, and errors that nobody caught. The log's own output stays."""
    sys.stdout, sys.stderr = LoggedLines(logging.INFO, sys.stdout), LoggedLines(logging.WARNING, sys.stderr)
    sys.excepthook = _log_error
    threading.excepthook = lambda about: _log_error(about.exc_type, about.exc_value, about.exc_traceback)
    logging.captureWarnings(True)


def _log_error(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    if error is not None and not issubclass(kind, SystemExit | KeyboardInterrupt):
        logger.critical("Nobody expected this error.", exc_info=(kind, error, where))
