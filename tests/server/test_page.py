"""The page in a real Chromium: pictures dropped, chosen and pasted, what is seen and not run."""

import base64
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.conftest import EXAMPLES, body_of
from tests.server.processes import EXPORTED, running_server

EVIL = "<img src=x onerror=alert(1)>"
DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), (letter) => letter.charCodeAt(0));
const moved = new DataTransfer();
moved.items.add(new File([bytes], "dropped.jpg", {type: "image/jpeg"}));
document.dispatchEvent(new DragEvent("drop", {dataTransfer: moved, bubbles: true}));
"""
PASTE = (
    DROP.replace("drop", "paste")
    .replace("DragEvent", "ClipboardEvent")
    .replace("dataTransfer: moved", "clipboardData: moved")
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models: the demo, with a class that is called as HTML is, and one that fails."""
    root = tmp_path_factory.mktemp("models")
    good = Path(shutil.copytree(EXPORTED, root / "digits"))
    metadata = good / "best_openvino_model" / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("zero", f"'{EVIL}'"))
    classes = good / "classes.txt"
    classes.write_text(classes.read_text().replace("zero", EVIL))
    broken = root / "broken"
    broken.mkdir()
    (broken / "best.onnx").write_bytes(b"no network")
    return [good, broken]


@pytest.fixture(scope="module")
def server(folders: list[Path]) -> Iterator[httpx.Client]:
    good, broken = folders
    with running_server(good, f"--weights={broken}", models=2) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or chromium is None:
        assert not os.environ.get("CI"), "CI has no Chromium"
        pytest.skip("there is no chromium, or no chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "headless", "no-sandbox", "disable-gpu", "disable-background-networking",
        "disable-component-update", "disable-sync", "no-first-run", "window-size=1300,1000",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


@pytest.fixture
def page(browser: webdriver.Chrome, server: httpx.Client) -> webdriver.Chrome:
    browser.get(str(server.base_url))
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#model option"))
    return browser


def wait(page: webdriver.Chrome, condition: Callable[[], object]) -> None:
    WebDriverWait(page, 30).until(lambda _: condition())


def shapes(page: webdriver.Chrome) -> list[WebElement]:
    return page.find_elements(By.CSS_SELECTOR, "#shapes .shape")


def drop(page: webdriver.Chrome, picture: Path = EXAMPLES[0], how: str = DROP) -> None:
    page.execute_script(how, base64.b64encode(picture.read_bytes()).decode())
    wait(page, lambda: shapes(page))


@pytest.mark.parametrize("how", [DROP, PASTE], ids=["dropped", "pasted"])
def test_a_picture_shows_what_cvat_would_get(
    page: webdriver.Chrome, server: httpx.Client, how: str
) -> None:
    drop(page, how=how)
    reply = server.post(
        "/models/digits", content=body_of(EXAMPLES[0].read_bytes(), threshold=0.5)
    ).json()
    seen = {shape.get_attribute("aria-label") for shape in shapes(page)}
    assert seen == {f"{shape['label']} {shape['confidence']:.2f}" for shape in reply}
    assert page.find_element(By.ID, "said").text == f"{len(reply)} objects"
    first = shapes(page)[0]
    x1, y1, x2, y2 = reply[0]["points"]
    place = [float(first.get_attribute(name) or 0) for name in ("x", "y", "width", "height")]
    assert place == pytest.approx([x1, y1, x2 - x1, y2 - y1])


def test_the_example_needs_no_picture(page: webdriver.Chrome) -> None:
    page.find_element(By.ID, "example").click()
    wait(page, lambda: "object" in page.find_element(By.ID, "said").text)
    times = page.find_element(By.ID, "times").text
    assert "predict" in times
    assert "whole request, as this browser sees it" in times


def test_the_threshold_is_slid_by_keys(page: webdriver.Chrome) -> None:
    drop(page)
    before = len(shapes(page))
    slider = page.find_element(By.ID, "threshold")
    slider.send_keys(Keys.END)
    wait(page, lambda: not shapes(page))
    assert page.find_element(By.ID, "cut").text == "1.00"
    slider.send_keys(Keys.HOME)
    wait(page, lambda: len(shapes(page)) >= before)


def test_a_label_is_hidden_and_shown_again(page: webdriver.Chrome) -> None:
    drop(page)
    before = len(shapes(page))
    button = page.find_element(By.CSS_SELECTOR, "#labels button")
    count = int(button.find_elements(By.TAG_NAME, "span")[2].text)
    button.send_keys(Keys.ENTER)
    wait(page, lambda: len(shapes(page)) == before - count)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    wait(page, lambda: len(shapes(page)) == before)


def test_names_and_messages_are_text(page: webdriver.Chrome) -> None:
    drop(page, next(path for path in EXAMPLES if path.stem == "notebook-page"))
    assert EVIL in page.find_element(By.ID, "labels").text
    assert EVIL in " ".join(shape.get_attribute("aria-label") or "" for shape in shapes(page))
    assert page.find_elements(By.TAG_NAME, "img") == []


def test_a_model_that_failed_is_shown_with_its_reason(page: webdriver.Chrome) -> None:
    wait(page, lambda: "failed" in page.find_element(By.ID, "models").text)
    text = page.find_element(By.ID, "models").text
    assert "ready" in text
    assert "best.onnx" in text
    assert len(page.find_elements(By.CSS_SELECTOR, "#model option")) == 1


def test_what_is_no_picture_is_a_sentence(page: webdriver.Chrome, tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(EXAMPLES[0].read_bytes()[:5000])
    page.find_element(By.ID, "file").send_keys(str(file))
    wait(page, lambda: "truncated or corrupt" in page.find_element(By.ID, "said").text)


def test_it_fits_a_phone(page: webdriver.Chrome) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        drop(page)
        width = page.execute_script("return document.documentElement.scrollWidth")
        assert width <= 360
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_policy_lets_only_the_page_s_own_script_run(
    page: webdriver.Chrome, server: httpx.Client
) -> None:
    policy = server.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    refused = page.execute_script(
        "const script = document.createElement('script');"
        "script.textContent = 'window.reached = true'; document.body.append(script);"
        "return window.reached"
    )
    assert refused is None


def test_the_labels_are_those_for_cvat_s_constructor(server: httpx.Client) -> None:
    labels = server.get("/models/digits/labels").json()
    assert [label["name"] for label in labels][:2] == [EVIL, "one"]
    assert all("id" not in label for label in labels)
