"""Pictures of the page, from a real browser with real bundles, into .github/page-*.png.

Run: python -m tests.bench.page FORECAST_RUN TABLE.csv      (needs Chromium and its driver)
"""

import sys
import time
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from tests.serve.conftest import serving
from tests.serve.test_page import BUNDLES, Page, chromium

FOLDER = Path(__file__).parents[2] / ".github"


def pictured(browser: Chrome, name: str, width: int, scheme: str) -> None:
    """The whole page, at a width, in a light."""
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    for height in (100, None):  # first narrow it, then see how high it has become
        height = height or browser.execute_script("return document.documentElement.scrollHeight")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        time.sleep(0.3)
    browser.save_screenshot(FOLDER / f"page-{name}.png")


def main(run: str, table: str) -> None:
    with serving(run, *BUNDLES) as service, chromium() as browser:
        page = Page(browser, service.port)
        page.open("classify")
        page.type("#text", "The first hour drags, and then it becomes one of the most moving films I have seen")
        page.until(lambda: len(page.all("#answer .words span")) > 12)
        pictured(browser, "classify", 720, "light")
        page.open("forecast")
        page.one("#file").send_keys(str(Path(table).resolve()))
        page.until(lambda: page.all("#answer svg"))
        browser.execute_script("document.querySelector('#answer .scroll').remove()")
        pictured(browser, "forecast", 720, "light")
        page.open("generate")
        page.type("#length", "260")
        page.one("#write").click()
        page.until(lambda: page.text("#write") == "Write" and len(page.all("#answer span")) == 260)
        pictured(browser, "generate", 390, "dark")
        page.open("translate")
        page.type("#text", "She has never seen such a beautiful house.")
        page.until(lambda: page.all(".target") and "such" in page.text(".attention"))
        (word,) = [one for one in browser.find_elements(By.CSS_SELECTOR, ".target") if one.text == "maison"]
        pictured(browser, "translate", 390, "dark")
        ActionChains(browser).move_to_element(word).perform()
        pictured(browser, "translate", 390, "dark")


if __name__ == "__main__":
    main(*sys.argv[1:])
