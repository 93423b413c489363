"""The page in headless Chromium, as a person uses it. Screenshots are kept in PAGE_SHOTS, if that is set."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

import catalogs
from running import send

webdriver = pytest.importorskip("selenium.webdriver")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
MOOD = "It has rained all week and I miss my grandmother"


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, system):
    look(browser, "light", 1280)
    browser.get(system.gateway.url + "/")
    browser.get_log("browser")
    yield browser
    assert complaints(browser) == []


def complaints(browser):
    """What the console holds, but for what the browser merely tells, such as where the focus went."""
    return [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"]


def look(browser, scheme: str, width: int):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def until(browser, condition, patience=20):
    return WebDriverWait(browser, patience, 0.05).until(condition)


def all_of(browser, selector: str):
    return browser.find_elements(By.CSS_SELECTOR, selector)


def cards(browser):
    """The cards of an answer, once there is one."""
    until(browser, lambda _: not all_of(browser, "[aria-busy]") and all_of(browser, ".emotions"))
    return all_of(browser, ".card")


def ask(browser, mood: str):
    box = browser.find_element(By.ID, "mood")
    box.clear()
    box.send_keys(mood)
    browser.find_element(By.ID, "send").click()


def fill(browser, field: str, value: str):
    all_of(browser, "#filters")[0].get_attribute("open") or all_of(browser, "#filters > summary")[0].click()
    element = browser.find_element(By.ID, field)
    element.clear()
    element.send_keys(value)


@pytest.mark.parametrize("path", ["/", "/page.css", "/page.js"])
def test_its_files_carry_the_policy(system, path):
    answer = send(system.gateway.port, "GET", path)
    assert answer.status == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"http://" not in answer.body.replace(b"http://www.w3.org/2000/svg", b"")
    assert b"https://" not in answer.body


def test_a_mood_becomes_emotions_and_cards(page):
    ask(page, MOOD)
    found = cards(page)
    assert len(found) == 12
    first = found[0]
    assert first.find_element(By.TAG_NAME, "h3").text
    assert first.find_elements(By.CSS_SELECTOR, ".why li")
    assert float(first.find_element(By.CSS_SELECTOR, ".score").text.split()[-1]) <= 1
    chips = all_of(page, ".emotions li")
    assert 1 <= len(chips) <= 8
    for chip in chips:
        assert chip.find_element(By.CSS_SELECTOR, ".value").text.endswith("%")
    status = page.find_element(By.ID, "status")
    assert status.get_attribute("role") == "status"
    assert status.text.startswith("12 titles for ")


def test_what_looks_like_markup_stays_text(page):
    fill(page, "maxYear", "1903")
    ask(page, f"{catalogs.SCRIPT} grief")
    [card] = cards(page)
    assert card.find_element(By.TAG_NAME, "h3").text == catalogs.SCRIPT
    assert "<img src=x" in card.find_element(By.CSS_SELECTOR, ".description").text
    assert page.title == "NetflixGPT: titles for a mood"
    assert len(all_of(page, "script")) == 1 and all_of(page, "img") == []


def test_the_keyboard_is_enough(page):
    page.find_element(By.TAG_NAME, "body").click()
    page.switch_to.active_element.send_keys(Keys.TAB)
    page.find_element(By.ID, "mood").send_keys("calm", Keys.TAB)
    page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert page.execute_script("return document.querySelector('[name=goal]:checked').value") == "GOAL_LIFT"
    page.switch_to.active_element.send_keys(Keys.TAB)
    assert page.switch_to.active_element.tag_name == "summary"
    page.switch_to.active_element.send_keys(Keys.ENTER, Keys.TAB)
    assert page.switch_to.active_element.get_attribute("name") == "types"
    page.switch_to.active_element.send_keys(Keys.SPACE)
    page.switch_to.active_element.send_keys(Keys.CONTROL, Keys.ENTER)
    found = cards(page)
    assert found and all(" · Film" in card.find_element(By.CSS_SELECTOR, ".facts").text for card in found)
    # Everything that takes the focus shows it.
    for selector in ("#mood", "#send", "summary"):
        page.execute_script("document.querySelector(arguments[0]).focus({focusVisible: true})", selector)
        outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", selector


def test_filters_are_sent(page):
    fill(page, "minYear", "1990")
    fill(page, "maxYear", "1999")
    until(page, lambda _: all_of(page, "#genresNone input"))
    page.execute_script("document.querySelector('#genresNone input[value=drama]').click()")
    ask(page, MOOD)
    found = cards(page)
    assert found
    for card in found:
        assert 1990 <= int(card.find_element(By.CSS_SELECTOR, ".facts").text[:4]) <= 1999
        assert "drama" not in card.find_element(By.CSS_SELECTOR, ".tags").text
    assert all_of(page, "#filters-count")[0].text == "(3)"


def test_an_error_stands_beside_its_field(page):
    page.find_element(By.ID, "send").click()
    box = page.find_element(By.ID, "mood")
    assert box.get_attribute("aria-invalid") == "true"
    assert page.find_element(By.ID, "mood-error").is_displayed()
    assert page.switch_to.active_element == box
    fill(page, "minYear", "2000")
    fill(page, "maxYear", "1990")
    ask(page, MOOD)
    until(page, lambda _: page.find_element(By.ID, "maxYear-error").is_displayed())
    assert page.find_element(By.ID, "maxYear").get_attribute("aria-invalid") == "true"
    assert not page.find_element(By.ID, "mood-error").is_displayed()
    log = complaints(page)
    assert len(log) == 1 and "status of 400" in log[0]["message"]


def test_a_mood_of_2001_characters_is_refused_before_it_is_sent(page):
    page.execute_script("arguments[0].value = '😭'.repeat(2001)", page.find_element(By.ID, "mood"))
    page.find_element(By.ID, "mood").send_keys(Keys.CONTROL, Keys.ENTER)
    assert page.find_element(By.ID, "mood-error").is_displayed()
    assert not all_of(page, ".card")


def test_an_answer_that_is_replaced_while_it_arrives_is_no_error(page):
    page.execute_script("""
      const [send, answer] = [window.fetch, document.getElementById("answer")];
      window.alerts = 0;
      new MutationObserver(() => {
        window.alerts += answer.querySelectorAll("[role=alert]").length;
      }).observe(answer, { childList: true });
      window.fetch = async (path, options) => {
        window.fetch = send;
        const response = await send(path, options);
        response.json = () => new Promise((_, reject) => {
          options.signal.addEventListener("abort", () => reject(options.signal.reason));
          window.isArriving = true;
        });
        return response;
      };
    """)
    ask(page, "calm")
    until(page, lambda _: page.execute_script("return window.isArriving"))
    ask(page, MOOD)
    assert len(cards(page)) == 12
    assert page.execute_script("return window.alerts") == 0


def test_a_gateway_that_is_gone_is_said_plainly(browser, own_system):
    browser.get(own_system.gateway.url + "/")
    own_system.gateway.kill()
    ask(browser, MOOD)
    notice = until(browser, lambda _: all_of(browser, ".notice[role=alert]"))[0]
    assert "does not answer" in notice.text
    own_system.gateway.start()
    notice.find_element(By.TAG_NAME, "button").click()
    assert len(cards(browser)) == 12
    # And what is less than asked for is said too.
    own_system.emotion.kill()
    ask(browser, "nobody has asked this yet")
    notice = until(browser, lambda _: all_of(browser, "[data-kind=degraded]"))[0]
    assert "instead of the emotion service: it could not be reached" in notice.text
    browser.get_log("browser")


def first_part(browser):
    """The first thing an answer shows, once there is one."""
    until(browser, lambda _: all_of(browser, "#answer > :first-child") and not all_of(browser, "[aria-busy]"))
    return all_of(browser, "#answer > *")[0]


def test_who_speaks_of_dying_is_shown_people_who_listen_before_anything_else(page):
    ask(page, "I want to kill myself")
    help = first_part(page)
    assert all_of(page, ".card") and not all_of(page, ".emotions")
    assert help.get_attribute("data-kind") == "help"
    places = help.find_elements(By.CSS_SELECTOR, "li")
    assert "988" in places[0].text and "(US): call or text 988" in places[0].text
    assert places[0].find_element(By.TAG_NAME, "a").get_attribute("href").startswith("https://988lifeline.org")
    assert page.find_element(By.ID, "status").text.startswith("First of all, people who listen. ")
    ask(page, MOOD)
    assert len(cards(page)) == 12
    assert not all_of(page, "[data-kind=help]")


@pytest.mark.parametrize("own_system", [{"SAFETY_MODE": "withhold"}], indirect=True)
def test_withheld_titles_and_help_alone_are_not_said_to_miss_the_filters(browser, own_system):
    browser.get(own_system.gateway.url + "/")
    for failing in (None, own_system.embedding):
        if failing:
            failing.kill()
        ask(browser, "I want to kill myself" + " tonight" * bool(failing))
        assert first_part(browser).get_attribute("data-kind") == "help"
        assert not all_of(browser, "[data-kind=empty]") and not all_of(browser, ".card")
        assert "0 titles" in browser.find_element(By.ID, "status").text
    browser.get_log("browser")


@pytest.mark.parametrize("width", [320, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(page, scheme, width):
    look(page, scheme, width)
    ask(page, MOOD)
    assert cards(page)
    assert page.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
    if folder := os.environ.get("PAGE_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        time.sleep(0.3)
        page.save_screenshot(str(Path(folder) / f"{scheme}-{width}.png"))
