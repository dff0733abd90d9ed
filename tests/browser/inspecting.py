"""Look at pages for what axe-core calls serious, for what their policy forbids, and for requests to other hosts."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
SERIOUS = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}"""
POLICY = "Content Security Policy"


class Inspector:
    """Open pages one after the other, in one window."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self._heard: list[str] = []
        page.on("console", self._hear)
        page.on("request", self._ask)

    def visit(self, *addresses: str) -> dict[str, list[str]]:
        """Return by address what is wrong with pages."""
        return {address: wrong for address in addresses if (wrong := self._look(address))}

    def _look(self, address: str) -> list[str]:
        self._heard.clear()
        self.page.goto(address)
        # What a page fetches by itself stands there.
        self.page.wait_for_function("!document.querySelector('.htmx-request')")
        # Past the policy, as the tools of a browser are.
        self.page.evaluate(AXE)
        return sorted({*self._heard, *self.page.evaluate(SERIOUS)})

    def _hear(self, message: Any) -> None:
        if POLICY in message.text:
            self._heard.append(message.text)

    def _ask(self, request: Any) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self._heard.append(f"asks {request.url}")
