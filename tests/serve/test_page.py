"""The page in a real browser: it is typed into, clicked and read, for every room."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

import seqzoo
from tests.serve.conftest import serving
from tests.serve.test_service import with_promotions

pytestmark = pytest.mark.browser
SAMPLES = Path(seqzoo.__file__).parent / "bundles" / "recordings"
BROWSERS = ("chromium", "google-chrome", "chrome")
BUNDLES = ("imdb-evidence-bilstm", "char-lstm", "ner-bilstm-crf", "digits-ctc", "fra-eng-attention")


STOPPED_SOON = """
    const button = document.getElementById("write"), told = arguments[0];
    button.click();
    const watch = setInterval(() => {
        if (document.querySelectorAll("#answer span").length <= 20) return;
        clearInterval(watch);
        told(button.textContent);
        button.click();
    }, 5);
"""
DROPPED = """
    const files = new DataTransfer(), drop = document.getElementById("drop");
    files.items.add(new File([arguments[0]], "wrong.csv"));
    drop.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
"""


class Page:
    """The page, and what a person does with it."""

    def __init__(self, browser: Chrome, port: int) -> None:
        self.browser, self.address = browser, f"http://127.0.0.1:{port}/"

    def open(self, room: str) -> None:
        self.browser.get("about:blank")
        self.browser.get(f"{self.address}#{room}")
        self.until(lambda: self.tab(room).get_attribute("aria-selected") == "true")

    def tab(self, room: str):
        return self.one(f"[role=tab][data-task={room}]")

    def one(self, selector: str):
        return self.until(lambda: self.browser.find_element(By.CSS_SELECTOR, selector))

    def all(self, selector: str):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def until(self, condition):
        return WebDriverWait(self.browser, 20, ignored_exceptions=[Exception]).until(lambda browser: condition())

    def type(self, selector: str, text: str) -> None:
        box = self.one(selector)
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(text)

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def complaints(self) -> str:
        return self.text("#alert")


@contextlib.contextmanager
def chromium(*arguments: str) -> Iterator[Chrome]:
    """A browser that nobody sees."""
    options = ChromeOptions()
    options.binary_location = next(path for name in BROWSERS if (path := shutil.which(name)))
    usual = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1000,1000",
             "--hide-scrollbars")  # fmt: skip
    for argument in (*usual, *arguments):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield chrome
    finally:
        chrome.quit()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    spoken = _spoken(tmp_path_factory.mktemp("sound"))
    microphone = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                  f"--use-file-for-fake-audio-capture={spoken}")  # fmt: skip
    with chromium(*microphone) as chrome:
        yield chrome


def _spoken(folder: Path) -> Path:
    """A sample recording as a browser's fake microphone wants it."""
    import soundfile

    samples, rate = soundfile.read(sorted(SAMPLES.glob("*.flac"))[0])
    soundfile.write(folder / "spoken.wav", samples, rate, subtype="PCM_16")
    return folder / "spoken.wav"


@pytest.fixture(scope="module")
def page(browser, trained, tmp_path_factory):
    with serving(*BUNDLES, str(trained("forecast")), cwd=tmp_path_factory.mktemp("empty")) as service:
        yield Page(browser, service.port)


@pytest.fixture(autouse=True)
def silent(browser):
    """Nothing is asked for elsewhere, and no script breaks."""
    browser.get_log("browser")
    yield
    told = [line for line in browser.get_log("browser") if line["level"] == "SEVERE" and "422" not in line["message"]]
    assert not told


def test_a_review_is_judged_as_it_is_typed_and_its_words_are_marked(page):
    page.open("classify")
    page.type("#text", "A dreadful, boring waste of two hours")
    page.until(lambda: "Negative" in page.text("#answer .label"))
    assert "%" in page.text("#answer .label")
    assert any(span.text == "dreadful" for span in page.all("#answer .words span[class^=for]"))
    page.type("#text", "A superb film")
    page.until(lambda: "Positive" in page.text("#answer .label"))
    assert "beats the best baseline" in page.text(".worth") and not page.complaints()


def test_a_text_streams_in_coloured_by_surprise_and_can_be_stopped(page):
    page.open("generate")
    slider = page.one("#temperature")
    before = page.text("output[for=temperature]")
    slider.send_keys(Keys.ARROW_LEFT * 4)
    assert float(page.text("output[for=temperature]")) == pytest.approx(float(before) - 0.2)
    page.type("#prime", "JULIET:")
    page.type("#length", "2000")
    during = page.browser.execute_async_script(STOPPED_SOON)
    page.until(lambda: page.text("#write") == "Write")
    assert during == "Stop" and page.text("#answer b") == "JULIET:"
    assert 20 < len(page.all("#answer span")) < 2000
    titles = {span.get_attribute("title") for span in page.all("#answer span")[:50]}
    assert all(title.endswith(" bits") for title in titles) and len(titles) > 5
    assert "bits each" in page.text("#mean")


def test_the_same_seed_writes_what_the_package_writes(page):
    page.open("generate")
    page.type("#prime", "ROMEO:")
    page.type("#length", "60")
    page.type("#seed", "5")
    page.one("#write").click()
    expected = seqzoo.generate("ROMEO:", "char-lstm", length=60, seed=5)
    page.until(lambda: page.one("#answer").get_property("textContent") == expected)


def test_what_the_model_cannot_read_is_said(page):
    page.open("generate")
    page.browser.execute_script("document.getElementById('prime').value = '\U0001f600'")
    page.one("#write").click()
    page.until(lambda: "does not know" in page.complaints())


def test_a_table_is_forecast_with_its_band(page, trained, tmp_path):
    path = with_promotions(trained("forecast"), tmp_path / "sales.csv")
    page.open("forecast")
    page.one("#file").send_keys(str(path))
    page.until(lambda: len(page.all("#answer polygon.band")) == 2 and len(page.all("#answer polyline")) == 2)
    assert len(page.all("#answer tr")) == 1 + 3 and "80% low" in page.text("#answer table")
    assert page.text(".verdict")


def test_a_table_may_be_dropped_and_a_wrong_one_is_refused_with_a_reason(page):
    page.open("forecast")
    page.browser.execute_script(DROPPED, "day,promo\n2022-01-01,1\n")
    page.until(lambda: "no column 'sales'" in page.complaints())


def test_a_translation_shows_what_was_looked_at_by_pointer_and_by_keyboard(page):
    page.open("translate")
    page.type("#text", "I would like a cup of tea")
    page.until(lambda: page.text("#translation").startswith("Je voudrais"))
    words = page.until(lambda: [word for word in page.all(".target") if word.text == "tasse"])
    ActionChains(page.browser).move_to_element(words[0]).perform()
    page.until(
        lambda: any(
            one.text == "cup" and one.get_attribute("class") != "source h0" for one in page.all(".source[title]")
        )
    )
    ActionChains(page.browser).move_to_element(page.one("h1")).perform()
    page.browser.execute_script("arguments[0].focus()", page.all(".target")[0])
    page.until(lambda: any(one.text == "I" and "%" in one.get_attribute("title") for one in page.all(".source")))


def test_a_sample_and_a_file_are_written_down_and_their_words_can_be_played(page):
    page.open("transcribe")
    page.one("#sample").click()
    page.until(lambda: page.text("#transcript") == "four zero nine")
    page.one("#file").send_keys(str(sorted(SAMPLES.glob("*.flac"))[2]))
    page.until(lambda: page.text("#transcript") == "two seven five eight")
    assert [word.text for word in page.all(".word")] == ["two", "seven", "five", "eight"]
    page.all(".word")[1].click()
    page.until(lambda: page.one("audio").get_property("currentTime") > 0)


def test_the_microphone_is_recorded_and_written_down(page):
    page.open("transcribe")
    page.one("#record").click()
    page.until(lambda: page.text("#record") == "Stop")
    time.sleep(2.5)
    page.one("#record").click()
    page.until(lambda: page.text("#record") == "Record" and page.text("#transcript"))
    assert not page.complaints() and {"four", "zero", "nine"} & set(page.text("#transcript").split())


def test_names_are_marked_with_their_kinds_beyond_the_basic_plane(page):
    page.open("tag")
    page.browser.execute_script("""
        const box = document.getElementById("text");
        box.value = "\U0001f600 Angela Merkel met Tim Cook in Berlin";
        box.dispatchEvent(new Event("input"));
    """)
    begin = "\U0001f600 Angela Merkel"
    page.until(lambda: page.one("#answer .words").get_property("textContent").startswith(begin))
    assert page.one("mark").get_property("textContent").startswith("Angela Merkel")


def test_tabs_are_walked_by_keys(page):
    page.open("classify")
    page.tab("classify").send_keys(Keys.ARROW_RIGHT)
    page.until(lambda: page.tab("generate").get_attribute("aria-selected") == "true")
    page.tab("generate").send_keys(Keys.ARROW_LEFT)
    page.tab("classify").send_keys(Keys.ARROW_LEFT)  # around the end
    page.until(lambda: page.tab("forecast").get_attribute("aria-selected") == "true")
    assert page.browser.switch_to.active_element == page.tab("forecast")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_both_lights_and_fits_a_telephone(page, scheme):
    browser = page.browser
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        for room in ("classify", "forecast", "generate", "tag", "transcribe", "translate"):
            page.open(room)
            page.one("section")
            assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, room
            assert _contrast(browser, "body") > 7 and _contrast(browser, ".soft") > 4.5, (room, scheme)
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def _contrast(browser, selector: str) -> float:
    """Of a text and the page behind it, as WCAG reckons it."""
    colours = browser.execute_script("""
        const css = (element, name) => getComputedStyle(element)[name].match(/\\d+/g).slice(0, 3).map(Number);
        return [css(document.querySelector(arguments[0]), "color"), css(document.body, "backgroundColor")];
    """, selector)  # fmt: skip
    light = []
    for colour in colours:
        linear = [
            c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in colour)
        ]
        light.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(light) + 0.05) / (min(light) + 0.05)


def test_a_token_is_asked_for(browser, tmp_path):
    with serving("char-lstm", "--token", "s3cret", cwd=tmp_path) as service:
        page = Page(browser, service.port)
        browser.get(page.address)
        page.until(lambda: page.one("#token").is_displayed())
        browser.get_log("browser")  # the 401
        page.type("#secret", "s3cret" + Keys.ENTER)
        page.until(lambda: page.tab("generate"))
        assert not page.one("#token").is_displayed() and not page.complaints()
