"""Snippets of the clients' README files."""

import re
from pathlib import Path


def snippets(readme: Path, language: str) -> list[str]:
    """The blocks of a language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
