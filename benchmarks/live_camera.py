"""The live camera of house styles: frames per second, and processor time of a frame.

    python -m benchmarks.live_camera [--json] [--preset house] [--seconds 20]

Opens the page that `studio share` writes in Debian's Chromium, with its fake camera. The processor time is
that of all processes of the browser; other programs lower the frames per second much more than they raise it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.report import make_parser, print_figures
from benchmarks.servers import CHROMIUM, FLAGS
from studio.core.models import presets
from studio.core.share import page

CAMERA = ("--use-fake-device-for-media-stream=fps=20", "--use-fake-ui-for-media-stream")
TIMEOUT_MS = 120_000
_COUNT_FRAMES = """() => {
  const draw = CanvasRenderingContext2D.prototype.putImageData;
  window.frames_drawn = 0;
  CanvasRenderingContext2D.prototype.putImageData = function (...options) {
    window.frames_drawn += 1;
    return draw.apply(this, options);
  };
}"""


def measure(browser: Browser, address: str, seconds: float) -> dict[str, object]:
    """Returns the figures of a page, from `seconds` of painting the camera's images."""
    tab = browser.new_page()
    tab.set_default_timeout(TIMEOUT_MS)
    processes = browser.new_browser_cdp_session()

    def read() -> tuple[int, float, float]:
        """Returns the frames so far, the seconds of the processor, and the time."""
        info = processes.send("SystemInfo.getProcessInfo")["processInfo"]
        return (
            tab.evaluate("window.frames_drawn"),
            sum(entry["cpuTime"] for entry in info),
            time.perf_counter(),
        )

    tab.goto(address)
    tab.locator("#status:empty").wait_for(state="attached")
    tab.evaluate(_COUNT_FRAMES)
    tab.get_by_role("button", name="Start the camera").click()
    tab.locator(".note:not(:empty)").wait_for()
    first_frames, first_cpu, start = read()
    tab.wait_for_timeout(1000 * seconds)
    frames, cpu, elapsed = (
        last - first for last, first in zip(read(), (first_frames, first_cpu, start), strict=True)
    )
    return {"frames per second": frames / elapsed, "processor time of a frame, s": cpu / frames}


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--seconds 3")
    parser.add_argument("--preset", default="house")
    parser.add_argument("--seconds", type=float, default=20)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder) / "page.html"
        path.write_bytes(page.build(presets.find(args.preset)))
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *CAMERA])
        figures = measure(browser, path.as_uri(), args.seconds)
        browser.close()
    load = os.getloadavg()[0]
    print_figures({**figures, "cores": os.cpu_count(), "load average": load}, args.json)


if __name__ == "__main__":
    main()
