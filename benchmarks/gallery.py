"""The gallery: how long a list of many items takes, with thumbnails, searched, and from an index made anew.

    python -m benchmarks.gallery [--json] [--items 10000]

Fills a STUDIO_HOME of its own in a temporary folder with as many items as asked for, each with its folder,
recipe and thumbnail. Files were read before, as those of a server in use are.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import arguments, note, seconds, show
from studio.core import paths, recipes, tasks
from studio.core.pictures import images
from studio.engine.jobs import store
from studio.engine.jobs.parts import Outcome, Request, Status
from studio.gallery import export, index, items, removal
from studio.gallery.index import Wanted

PAGE = 60  # items that a page shows at once


def fill(count: int) -> None:
    """Adds items, written plainly: how long it takes to add one is measured elsewhere."""
    rng = np.random.default_rng(0)
    settings = tasks.get("style.transfer").settings()
    content = tasks.File.keep(images.encode_png(np.full((64, 64, 3), 9, "uint8")), "picture", "chelsea.png")
    now = time.time_ns() // 1_000_000
    for number in range(count):
        changed = settings.model_copy(update={"seed": number})
        recipe = recipes.make("style.transfer", changed, {"content": [content], "style": [content]})
        if number % 100 == 0:
            pixels = np.kron(rng.integers(0, 256, (12, 16, 3)), np.ones((16, 16, 1))).astype("uint8")
            file = tasks.File.keep(images.encode_png(pixels, recipe), "picture", "chelsea-mosaic.png")
            thumbnail = images.encode_preview(pixels, 256)
        result = tasks.Result((file,), {"seconds": 1.0, "total": 0.3}, recipe)
        request = Request.of(tasks.get("style.transfer"), recipe.settings, {"content": [content]}, "local")
        folder = items.root() / store.new_id(now + number)
        folder.mkdir()
        (folder / "thumbnail.webp").write_bytes(thumbnail)
        files = store.Folder(folder)
        files.write(Request, request)
        files.write(Outcome, Outcome.model_construct(result=result))
        files.write(Status, Status(state="done", started=1.0, ended=2.0))


def all_thumbnails() -> int:
    """The list of all items with every thumbnail. Returns how many bytes those have."""
    return sum(len(entry.thumbnail()) for entry in index.find()[0])


def one_page() -> None:
    """What the page shows: some items from the middle, with their thumbnails."""
    for entry in index.find(most=PAGE, skip=4000)[0]:
        entry.thumbnail()


def removed_and_back(id: str) -> None:
    """Removes an item, lists, undoes it, lists."""
    removal.remove([id])
    index.find(most=PAGE)
    removal.restore([id])
    index.find(most=PAGE)


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--items 50")
    parser.add_argument("--items", type=int, default=10_000)
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as home:
        os.environ["STUDIO_HOME"] = home
        note(f"Adding {chosen.items:,} items ...")
        fill(chosen.items)
        figures: dict[str, object] = {"items": chosen.items}
        began = time.perf_counter()
        found, total = index.find()
        figures["list all, the index made anew, s"] = time.perf_counter() - began
        assert len(found) == total == chosen.items
        figures["list all, s"] = seconds(index.find)
        figures["list all and read all thumbnails, s"] = seconds(all_thumbnails)
        figures["the same, of the processor, s"] = _processor(all_thumbnails)
        figures["one page with its thumbnails, s"] = seconds(one_page)
        figures["search for two words, s"] = seconds(lambda: index.find(Wanted(words="chelsea 4711")))
        figures["show one item, s"] = seconds(lambda: items.find(found[-1].id).result.files[0].read())
        figures["remove, list, undo, list, s"] = seconds(lambda: removed_and_back(found[7].id))
        result = items.find(found[0].id).result
        added = [_added(result) for _ in range(9)]
        figures["add one, s"] = statistics.median(added)
        some = [items.find(entry.id) for entry in found[:200]]
        figures["export 200, s"] = seconds(lambda: export.save(some, Path(home) / "all.zip"), times=3)
        size = (paths.folder("cache") / f"gallery-{index.FORMAT}.sqlite").stat().st_size
        figures["index, MB"] = size / 1e6
        shutil.rmtree(items.root())
    show(figures, chosen.json)


def _processor(work: Callable[[], object], times: int = 5) -> float:
    """The median time that some work keeps a processor busy, whatever else the machine does."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def _added(result: tasks.Result) -> float:
    began = time.perf_counter()
    items.add(result, 1.0)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
