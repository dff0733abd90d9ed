"""Snippets of the clients' README files."""

import re
from pathlib import Path

READER = "reader-of-the-readme"


def snippets(readme: Path, language: str) -> list[str]:
    """The blocks of a language, in their order; what they do to Ada they do to somebody whom no other test knows."""
    found = re.findall(rf"```{language}\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    return [snippet.replace('"ada"', f'"{READER}"') for snippet in found]


def named_items(snippets: list[str]) -> set[str]:
    """Ids of items in events of the snippets, those apart that the snippets make: no installation has to know them."""
    text = "".join(snippets)
    named = re.findall(r"""item_id"?: "([^"]+)\"""", text) + re.findall(r'send_event\("\w+", "\w+", "([^"]+)"', text)
    return set(named) - set(re.findall(r'put_item\("([^"]+)"', text))
