"""Takes the documents' pictures of a running demo: `make demo`, then `python -m tests.browser.screenshots`."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page, sync_playwright

from recsite.local.console import say
from recsite.local.environment import state_dir
from recsite.local.packages import find_chromium
from recsite.local.paths import PROJECT

IMAGES = PROJECT / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
DESKTOP = {"viewport": {"width": 1280, "height": 860}, "device_scale_factor": 1.25}


@dataclass(frozen=True)
class Shot:
    """One picture: where to go, on what, and whether as the operator."""

    name: str
    go: Callable[[Page], object]
    device: dict[str, Any]
    scheme: Any = "light"
    as_operator: bool = False


def shelves(page: Page) -> None:
    """The home page of somebody who does an average lot."""
    page.goto("/people")
    page.locator(".person").nth(2).click()
    page.locator(".shelf-for-you").wait_for()
    # Once more, so that the list comes from the cache, as it nearly always does.
    page.goto("/")


def person(page: Page) -> None:
    """The page where staff see what somebody is shown, and why."""
    shelves(page)
    page.get_by_role("link", name="Why these?").click()
    page.goto(f"{page.url.partition('?')[0]}?placement=shop-for-you", wait_until="networkidle")


def item(page: Page) -> None:
    """The page of an item that many were shown."""
    page.goto("/admin/catalog/item/?q=handmaid")
    page.locator("#result_list a[href*='/admin/items/']").first.click()
    page.wait_for_load_state("networkidle")


def draft(page: Page) -> None:
    """The draft of a placement beside what is live."""
    page.goto("/admin/recommender/placement/?q=shop-for-you")
    page.locator("#result_list th a").first.click()
    page.goto(page.url.replace("/change/", "/draft/"))
    page.wait_for_load_state("networkidle")


def at(address: str) -> Callable[[Page], object]:
    return lambda page: page.goto(address, wait_until="networkidle")


SHOTS = [
    Shot("storefront", shelves, DESKTOP),
    Shot("overview", at("/admin/?period=28d"), DESKTOP, as_operator=True),
    Shot("person", person, DESKTOP, as_operator=True),
    Shot("item", item, DESKTOP, as_operator=True),
    Shot("placement", draft, DESKTOP, as_operator=True),
    Shot("releases", at("/admin/recommender/release/"), DESKTOP, as_operator=True),
    Shot("compare", at("/admin/compare/"), DESKTOP, as_operator=True),
    Shot("results", at("/admin/results/?period=28d"), DESKTOP, as_operator=True),
    Shot("health", at("/admin/health/"), DESKTOP, as_operator=True),
    Shot("dead-letters", at("/admin/dead-letters/"), DESKTOP, as_operator=True),
]


def take(shot: Shot, browser: Browser, facts: dict[str, str], folder: Path) -> Path:
    context = browser.new_context(
        base_url=facts["url"], color_scheme=shot.scheme, reduced_motion="reduce", **shot.device
    )
    page = context.new_page()
    if shot.as_operator:
        sign_in(page, facts)
    shot.go(page)
    page.mouse.move(0, 0)
    page.wait_for_load_state("load")
    path = folder / f"{shot.name}.png"
    page.screenshot(path=path)
    context.close()
    return path


def sign_in(page: Page, facts: dict[str, str]) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.locator("[name=username]").fill(facts["username"])
    page.locator("[name=password]").fill(facts["password"])
    page.keyboard.press("Enter")
    page.locator("#content").wait_for()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    names = [shot.name for shot in SHOTS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"Some of: {', '.join(names)}. All, if none is named.")
    parser.add_argument("--folder", type=Path, default=IMAGES, help="Where the pictures go (%(default)s).")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"no picture is called {', '.join(sorted(unknown))}.")
    facts, program = state_dir() / "demo.json", find_chromium()
    if program is None or not facts.exists():
        sys.exit("A running demo ('make demo') and Chromium (the package chromium, or CHROMIUM) are needed.")
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for shot in SHOTS:
            if shot.name in (options.names or names):
                say(str(take(shot, browser, json.loads(facts.read_text()), options.folder)))


if __name__ == "__main__":
    try:
        main()
    except Error as error:
        sys.exit(f"A picture can't be taken: {error.message.splitlines()[0]}")
