"""Response times of pages: for a new visitor, after a stroke, and after choosing another layer.

    python -m benchmarks.answers [--json] [--only visit sketch lab xray] [--times 10]

Starts a studio and drives Debian's Chromium with a mouse, at 1440 px. Times are taken in the page, from the
release of the mouse button to one frame after the new image is decoded.
X-ray reads the weights of VGG16 from STUDIO_HOME: `studio weights pull vgg16`.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.report import make_parser, note, print_figures
from benchmarks.servers import CHROMIUM, FLAGS, run_studio
from studio.core import paths
from studio.core.objectives import backbones
from studio.xray.settings import DEFAULT_LAYERS

TIMEOUT_MS = 120_000
SETTLE_SECONDS = 0.6  # after a response, for the page to settle
WARM_UPS = 2  # responses that are not counted
AVATAR = "img[alt='Your drawing as an avatar']"
DIGIT = ".lab-row figure:nth-child(2) img"
MAP = "img[alt^='Channel ']"

_WATCH = """(image, selector) => {
  const root = image.getRootNode();  // the shadow root of a component
  const shown = () => root.querySelector(selector), before = image.getAttribute('src');
  const isReplaced = () => {
    const now = shown();
    return now && now.getAttribute('src') !== before && now.complete && now.naturalWidth;
  };
  window.milliseconds = new Promise((done, failed) => document.addEventListener('pointerup', () => {
    const began = performance.now();
    const check = () => {
      if (isReplaced()) requestAnimationFrame(() => done(performance.now() - began));
      else if (performance.now() - began > 60000) failed(`no other ${selector} within 60 s`);
      else requestAnimationFrame(check);
    };
    check();
  }, {capture: true, once: true}));
}"""


def measure_response(page: Page, image: str, act: Callable[[], None]) -> float:
    """Returns the milliseconds from the release of the mouse button until an image changes."""
    page.locator(image).first.evaluate(_WATCH, image)
    act()
    milliseconds = page.evaluate("window.milliseconds")
    time.sleep(SETTLE_SECONDS)
    return milliseconds


def make_strokes(page: Page) -> Iterator[Callable[[], None]]:
    """Yields functions that draw different short lines on the canvas."""
    rng = np.random.default_rng(0)

    def stroke() -> None:
        canvas = page.locator("canvas").first
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        (x, y), (across, down) = rng.uniform(0.2, 0.6, 2), rng.uniform(0.1, 0.3, 2)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.mouse.down()
        page.mouse.move(
            box["x"] + (x + across) * box["width"], box["y"] + (y + down) * box["height"], steps=5
        )
        page.mouse.up()

    while True:
        yield stroke


def make_layer_choices(page: Page) -> Iterator[Callable[[], None]]:
    """Yields functions that choose the layers of VGG16 in turn; after a round none is cached."""
    layers = [name for name in backbones.find_spec("vgg16").layers if name != DEFAULT_LAYERS["vgg16"]]
    while True:
        for layer in layers:
            page.get_by_role("combobox", name="Layer").click()
            option = page.get_by_role("option", name=layer, exact=True)
            option.wait_for()
            yield option.click


PAGES: dict[str, tuple[str, str, Callable[[Page], Iterator[Callable[[], None]]]]] = {
    "sketch": ("/sketch", AVATAR, make_strokes),
    "lab": ("/lab?steps=200", DIGIT, make_strokes),
    "xray": ("/x-ray", MAP, make_layer_choices),
}
VISIT = "visit"


def measure_visits(browser: Browser, address: str, times: int) -> list[float]:
    """Measures the milliseconds until new visitors see the first page, including opening a tab."""
    times_ms = []
    for _ in range(WARM_UPS + times):
        began, context = time.perf_counter(), browser.new_context()
        page = context.new_page()
        page.goto(address)
        page.get_by_role("heading", name="Creative AI Studio").first.wait_for()
        times_ms.append(1000 * (time.perf_counter() - began))
        context.close()
    return times_ms[WARM_UPS:]


def measure_responses(page: Page, address: str, name: str, times: int) -> list[float]:
    """Measures the milliseconds of each response of a page, without the first ones."""
    path, image, make_actions = PAGES[name]
    page.goto(address + path)
    page.locator(image).first.wait_for(timeout=TIMEOUT_MS)
    time.sleep(SETTLE_SECONDS)
    times_ms = []
    for act, _ in zip(make_actions(page), range(WARM_UPS + times), strict=False):
        times_ms.append(measure_response(page, image, act))
        note(f"{name}: {times_ms[-1]:.0f} ms")
    return times_ms[WARM_UPS:]


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--times 1")
    parser.add_argument("--only", nargs="+", choices=[VISIT, *PAGES], default=[VISIT, *PAGES])
    parser.add_argument("--times", type=int, default=10, help="responses of each page")
    args = parser.parse_args(argv)
    figures: dict[str, object] = {}
    weights = paths.ensure_folder("weights") if "xray" in args.only else None
    with run_studio(weights) as (address, _), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in args.only:
            if name == VISIT:
                times_ms = measure_visits(browser, address, args.times)
            else:
                page = browser.new_page(viewport={"width": 1440, "height": 1000})
                times_ms = measure_responses(page, address, name, args.times)
                page.close()
            figures[f"{name}, median, ms"] = statistics.median(times_ms)
            figures[f"{name}, quickest and slowest, ms"] = f"{min(times_ms):.0f}, {max(times_ms):.0f}"
        browser.close()
    figures["load of the last minute"] = os.getloadavg()[0]
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
