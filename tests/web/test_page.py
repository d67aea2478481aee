"""The page from end to end in headless Chromium, on a real server with a run of two-towns."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.web import looking
from tests.web.serving import Place, server

DIST = Path(__file__).parents[2] / "api" / "web" / "dist" / "index.html"
CHROMIUM = shutil.which("chromium")
ARTEFACTS = Path(os.environ.get("TWIN_ARTEFACTS", Path(__file__).parent / "artefacts"))
HOUR_S = 3600
MAP = "infrastructure.power_on_fraction"
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on this machine (Debian: apt install chromium)"),
    pytest.mark.skipif(not DIST.is_file(), reason="the page is not built (api/web/dist); pip install builds it"),
]


class Window:
    """A browser window of an office PC. `faults`: console errors and failed requests; `hosts`: all asked."""

    def __init__(self, browser: Any, place: Place, run: str):
        self.place, self.run = place, run
        self.context = browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="ja-JP", accept_downloads=True
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.faults: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda told: told.type == "error" and self.faults.append(told.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.context.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or ""))

    def open(self, view: str = "", key: str | None = None) -> Any:
        """The page with the finished run, once the first picture stands."""
        self.page.goto(f"{self.place.address}#key={key or self.place.key}&run={self.run}&t={6 * HOUR_S}&{view}")
        self.page.wait_for_selector(".stage.ready")
        return self.page

    def picture(self) -> tuple[int, int]:
        """Sum over the pixels of the map and the number of its colours, once nothing is asked any more."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(80)
        total, colours = self.page.evaluate(looking.PICTURE)
        return total, colours

    def keep(self, name: str) -> None:
        """Leaves a picture of the window for people."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png")

    def set_clock(self, time_s: int) -> None:
        """Moves the slider."""
        move = "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }"
        self.page.locator("#clock").evaluate(move, str(time_s))
        looking.until(self.page, "at => Number(document.querySelector('.stage').dataset.time) === at", time_s)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with server(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture(scope="module")
def run(place: Place) -> str:
    accepted = place.ask("v1/runs", {"scenario": "two-towns", "members": 2, "until": "14h"})
    return str(place.finished(accepted["run_id"])["run_id"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(looking.FLAGS))
        yield found
        found.close()


@pytest.fixture
def window(browser: Any, place: Place, run: str) -> Iterator[Window]:
    found = Window(browser, place, run)
    yield found
    found.context.close()
    assert found.faults == []
    assert found.hosts <= {"127.0.0.1", "localhost"}


def test_key_of_the_address_opens_the_page_and_leaves_the_address(window: Window) -> None:
    page = window.open()
    assert window.picture()[1] > 10
    assert window.place.key not in page.url
    assert page.locator(".exercise").first.is_visible()
    assert page.locator(".label-chip").first.inner_text() == "シミュレーション"
    page.wait_for_selector(".curve")
    page.wait_for_selector(".event-list li")
    window.keep("situation-ja")


@pytest.mark.slow
def test_without_a_key_the_page_asks_and_a_wrong_one_is_refused(window: Window) -> None:
    page = window.page
    page.goto(window.place.address)
    page.fill("#key", "wrong")
    page.click("button[type=submit]")
    page.wait_for_selector(".key-form .bad")
    assert page.locator(".stage.ready").count() == 0
    page.fill("#key", window.place.key)
    page.click("button[type=submit]")
    page.wait_for_selector(".stage.ready")
    assert page.locator(".key-form").count() == 0
    window.faults[:] = [told for told in window.faults if "401" not in told]


def test_slider_play_and_phenomena_change_the_map(window: Window) -> None:
    page = window.open(f"map={MAP}")
    first = window.picture()[0]
    window.set_clock(HOUR_S)
    early = window.picture()[0]
    page.click(".transport .play")
    looking.until(page, "Number(document.querySelector('.stage').dataset.time) > 3600")
    page.click(".transport .play")
    page.get_by_role("button", name="地表・建物").click()
    looking.until(page, "!document.querySelector('.legend h3').textContent.includes('電気')")
    assert len({first, early, window.picture()[0]}) == 3


def test_language_switch_turns_every_text(window: Window) -> None:
    page = window.open(f"map={MAP}")
    page.wait_for_selector(".tile")
    page.get_by_role("button", name="English").click()
    page.wait_for_selector("html[lang=en] .stage.ready")
    page.wait_for_selector(".curve")
    page.wait_for_selector(".event-list li")
    shown = page.evaluate("document.querySelector('#page').innerText").replace("日本語", "")
    assert re.findall(r"[\u3040-\u30ff]+", shown) == []
    window.keep("situation-en")


@pytest.mark.slow
def test_shared_address_shows_the_same_view(window: Window) -> None:
    page = window.open(f"map={MAP}&area=all&panel=events")
    window.set_clock(9 * HOUR_S)
    shared, picture = page.url, window.picture()[0]
    other = window.context.new_page()
    other.goto(f"{shared}&key={window.place.key}")
    other.wait_for_selector(".stage.ready")
    other.wait_for_load_state("networkidle")
    other.wait_for_timeout(80)
    assert other.evaluate(looking.PICTURE)[0] == picture
    assert other.get_attribute("#tab-events", "aria-selected") == "true"


def test_everything_is_reached_by_keyboard_and_the_focus_is_seen(window: Window) -> None:
    page = window.open(f"map={MAP}")
    page.wait_for_selector(".event-list li")
    reached = looking.walk(page, 80)
    assert reached[0]["name"] == "操作パネルへ移動"
    assert [one for one in reached if not one["seen"]] == []
    names = " ".join(one["name"] for one in reached)
    for wanted in ("再生", "インフラ", "表で見る", "拡大", "状況", "English"):
        assert wanted in names
    assert {"clock", "area", "quantity"} <= {one["id"] for one in reached}


@pytest.mark.slow
def test_arrow_keys_move_slider_and_tabs(window: Window) -> None:
    page = window.open(f"map={MAP}")
    page.focus("#clock")
    page.keyboard.press("ArrowRight")
    looking.until(page, "Number(document.querySelector('.stage').dataset.time) === 25200")
    page.focus("#tab-situation")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-events"


@pytest.mark.parametrize("panel", ["situation", "events", "editor", "compare", "runs", "decisions"])
def test_panels_have_names_landmarks_and_contrast(window: Window, panel: str) -> None:
    page = window.open(f"map={MAP}&panel={panel}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate(looking.NAMELESS) == []
    assert page.evaluate(looking.FAINT) == []
    for landmark in ("banner", "main", "complementary"):
        assert page.get_by_role(landmark).count() == 1


@pytest.mark.slow
def test_map_is_also_a_table_of_the_towns(window: Window) -> None:
    page = window.open(f"map={MAP}")
    page.get_by_role("button", name="表で見る").click()
    rows = page.locator(".table-dialog tbody tr")
    assert rows.count() == 2
    assert re.search(r"東町\s+[\d.]+", rows.first.inner_text() + rows.last.inner_text())
    window.keep("table-ja")
    rows.first.get_by_role("button").click()
    assert "area=" in page.url


@pytest.mark.slow
def test_a_town_pressed_on_the_map_becomes_the_area(window: Window) -> None:
    page = window.open(f"map={MAP}")
    window.picture()
    box = page.locator(".leaflet-place").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.42)
    looking.until(page, "/area=\\d{5}/.test(location.hash)")
    looking.until(page, "document.querySelector('#area').value !== 'all'")
    assert f"area={page.input_value('#area')}" in page.url


def test_causes_of_a_shortage_are_one_press_away(window: Window) -> None:
    page = window.open("panel=events")
    page.locator("button.event").first.click()
    chain = page.locator(".chain").first
    chain.wait_for()
    assert chain.locator("li.asked").count() == 1
    assert page.locator("button.event").first.get_attribute("aria-expanded") == "true"
    window.keep("causes-ja")


@pytest.mark.slow
def test_countermeasure_files_go_out_and_come_back(window: Window, tmp_path: Path) -> None:
    page = window.open("panel=editor")
    page.fill("#draft-title", "復旧班を倍にする")
    page.fill("#lever-search", "power_crews")
    page.click("[data-lever='infrastructure.power_crews']")
    with page.expect_download() as told:
        page.get_by_role("button", name="YAMLで保存").click()
    file = tmp_path / "plan.yaml"
    told.value.save_as(file)
    assert "infrastructure.power_crews" in file.read_text()
    page.get_by_role("button", name="新しい対策").click()
    assert page.locator(".measure").count() == 0
    page.set_input_files("#draft-file", file)
    page.wait_for_selector(".measure")
    assert page.input_value("#draft-title") == "復旧班を倍にする"


@pytest.mark.slow
def test_values_out_of_range_are_told_before_anything_runs(window: Window) -> None:
    page = window.open("panel=editor")
    page.fill("#lever-search", "power_crews")
    page.click("[data-lever='infrastructure.power_crews']")
    page.fill("#measure-0-value", "999")
    page.get_by_role("button", name="この対策で計算する").click()
    page.wait_for_selector(".check-answer .bad")
    assert page.get_attribute("#measure-0-value", "aria-invalid") == "true"


def test_what_if_from_the_editor_to_comparison_and_log(window: Window) -> None:
    page = window.open(f"map={MAP}&panel=editor")
    page.fill("#draft-title", "電力の復旧班を増やす")
    page.fill("#draft-reason", "病院の自家発電が朝まで持たない")
    page.fill("#lever-search", "power_crews")
    page.click("[data-lever='infrastructure.power_crews']")
    page.fill("#measure-0-value", "18")
    page.get_by_role("button", name="確認する").click()
    page.wait_for_selector(".check-answer .fine")
    window.keep("editor-ja")
    page.get_by_role("button", name="この対策で計算する").click()
    page.wait_for_selector(".differences tbody tr")
    looking.until(page, "document.querySelector('.pairs')?.textContent.includes('2／2')", longest_s=60)
    assert page.locator(".compare .curve .line.difference").count() == 1
    page.get_by_role("button", name="地図で並べる").click()
    page.wait_for_selector(".maps.two")
    window.set_clock(12 * HOUR_S)
    side = window.picture()[0]
    window.keep("side-by-side-ja")
    page.get_by_role("button", name="地図で差を見る").click()
    looking.until(page, "document.querySelectorAll('.map-view:not([hidden])').length === 1")
    assert window.picture()[0] != side
    window.keep("difference-ja")
    assert page.evaluate(looking.FAINT) == []
    page.click("#tab-decisions")
    page.get_by_text("病院の自家発電が朝まで持たない").first.wait_for()
    window.keep("log-ja")


@pytest.mark.slow
def test_a_run_started_on_the_page_is_followed_to_its_end(window: Window) -> None:
    page = window.open("panel=runs")
    page.select_option("#new-scenario", "two-towns")
    page.fill("#new-until", "3")
    page.fill("#new-members", "1")
    page.get_by_role("button", name="開始する").click()
    looking.until(page, "document.querySelector('.top .status')?.textContent.startsWith('完了')", longest_s=60)
    looking.until(page, "document.querySelector('.voice').textContent.includes('計算が終わりました')")
    assert page.locator(".top .status").inner_text().startswith("完了")
    window.keep("runs-ja")
