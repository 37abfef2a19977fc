"""A real browser, which opens the page of `fatectl board`."""

import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.support.engine.docker_hosts import wait_for
from tests.support.engine.stacks import Stack

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # the tests run as root
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--window-size=1600,1200",
    # There is no internet.
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_PICTURE = "document.getElementById('picture').shadowRoot"


@dataclass(frozen=True)
class Page:
    """The page in a browser.

    Args:
        browser: the browser.
        url: the page's address.
    """

    browser: webdriver.Chrome
    url: str

    def one(self, selector: str) -> WebElement:
        """The first element that a CSS selector selects."""
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """The text that a reader sees in it, with single blanks; "" if it is not there."""
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return " ".join(str(self.browser.execute_script(script, selector)).split())

    def wait_for_text(self, selector: str, words: str) -> None:
        """Wait until a reader sees words."""
        wait_for(f"{words!r} in {selector}", lambda: words in self.text(selector))

    def in_picture(self, condition: str) -> int:
        """How many services of a condition the picture shows."""
        found = f"return {_PICTURE}.querySelectorAll('.service.{condition}').length"
        return int(self.browser.execute_script(found))

    def colours(self, dark: bool) -> list[Any]:
        """The colours of the page and of the picture, for who prefers dark or light pages."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        service = f"{_PICTURE}.querySelector('.service')"
        styles = ["document.body).backgroundColor", f"{service}).fill"]
        return [self.browser.execute_script(f"return getComputedStyle({one}") for one in styles]

    def fits(self, width: int) -> None:
        """Check that nobody has to scroll sideways on a screen of a width."""
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        wide = self.browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width

    def everything(self) -> str:
        """All that the page has, and has been told."""
        read = f"return fetch('{self.url}/live.json').then(answer => answer.json())"
        return self.browser.page_source + json.dumps(self.browser.execute_script(read))

    def errors(self) -> list[str]:
        """What the browser complains about."""
        return [entry["message"] for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]


@contextmanager
def page(stack: Stack, folder: Path) -> Iterator[Page]:
    """The page of a stack, from its start to Ctrl-C.

    Args:
        stack: the stack.
        folder: an empty folder for the browser.
    """
    # `make integration` installs it meanwhile.
    wait_for(
        "the browser that `sh toolchain/docker.sh browser` installs",
        lambda: all(map(shutil.which, ("chromium", "chromedriver"))),
        300,
    )
    options = webdriver.ChromeOptions()
    for option in (*_OPTIONS, f"--user-data-dir={folder}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    board = stack.start_fatectl("board")
    try:
        assert board.stdout
        url = board.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), board.communicate()
        with webdriver.Chrome(options, Service("/usr/bin/chromedriver")) as browser:
            browser.get(url)
            yield Page(browser, url)
        board.send_signal(signal.SIGINT)
        board.communicate(timeout=60)
        assert board.returncode == 130
    finally:
        board.kill()
        board.communicate()
