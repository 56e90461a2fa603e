"""Style transfer: time in passes of VGG16, and memory.

    python -m benchmarks.style [--json] [--sizes 512 1024] [--only-precision]

P is the median time of one forward and backward pass of VGG16 up to block5_conv1 at the output size, in the
same process. `--only-precision` compares nothing but float32 with bfloat16.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.report import arguments, fresh, note, pictures, seconds, show

if TYPE_CHECKING:
    from studio.core.training.precision import Precision


def one_pass(size: int) -> float:
    """P at a size: forward to block5_conv1 and back to the picture, compiled, nothing else."""
    from keras import ops

    from studio.core.objectives import backbones
    from studio.core.objectives.gradients import compiled, value_and_grad
    from studio.core.pictures import images

    layer = "block5_conv1"
    extractor = backbones.load("vgg16").features((layer,))
    content_01 = images.to_01(images.fit(pictures()[0], size))
    work = compiled(value_and_grad(lambda x: (ops.sum(extractor(x)[layer]), ())))
    return seconds(lambda: np.asarray(work(content_01)[2]))


def painted(mode: str, size: int) -> dict[str, float]:
    """One transfer in a warm process: seconds, seconds to the first preview."""
    from studio.core.progress import Progress
    from studio.style.settings import TransferSettings
    from studio.style.transfer import transfer

    content, style = pictures()
    previews: list[float] = []
    began = time.perf_counter()
    progress = Progress(
        lambda report: report.preview is not None and previews.append(time.perf_counter() - began)
    )
    transfer(content, [style], TransferSettings(mode=mode, size=size), progress=progress)
    taken = time.perf_counter() - began
    first = previews[0] if previews else taken
    return {"seconds": taken, "first_preview": first}


def in_half_as_many_bits(size: int) -> dict[str, str]:
    """A pass, a fine picture and a dream in float32 and in bfloat16, by the clock and by the processor."""
    from studio.core.pictures import images
    from studio.dream.ascend import ascend
    from studio.dream.settings import DreamSettings
    from studio.style.settings import TransferSettings
    from studio.style.transfer import transfer

    content, style = pictures()
    content = images.fit(content, size)

    def paint(precision: Precision, **more: int) -> None:
        transfer(content, [style], TransferSettings(mode="fine", size=size, precision=precision, **more))

    def dream(precision: Precision, **more: int) -> None:
        ascend(content, DreamSettings(size=size, precision=precision, **more))

    figures = {}
    for name, work in (("fine", paint), ("dream", dream)):
        took = []
        precisions: tuple[Precision, ...] = ("float32", "bfloat16")
        for precision in precisions:
            note(f"{name} in {precision}")
            work(precision, steps=1)  # builds its graphs
            began, busy = time.perf_counter(), time.process_time()
            work(precision)
            took.append((time.perf_counter() - began, time.process_time() - busy))
        told = [f"{clock:.1f} s ({processor:.1f} of processor)" for clock, processor in took]
        figures[f"{name}, {size} px, float32 and bfloat16"] = ", ".join(told)
    return figures


def peak(mode: str, size: int) -> float:
    """Peak memory in GiB of a fresh process that makes one transfer."""
    code = f"from benchmarks import style; style.report_peak({mode!r}, {size})"
    return fresh(code)


def report_peak(mode: str, size: int) -> None:
    """Makes one transfer and prints the peak memory of this process in GiB."""
    from studio.style.settings import TransferSettings
    from studio.style.transfer import transfer

    content, style = pictures()
    transfer(content, [style], TransferSettings(mode=mode, size=size))
    # Not getrusage: what it says begins with the memory of the process that started this one.
    high = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    sys.stdout.write(json.dumps(int(high.split()[1]) / 2**20) + "\n")


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--size 64 --sizes --memory")
    parser.add_argument("--size", type=int, default=512, help="px")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1024], help="others of the fine mode, in px")
    parser.add_argument(
        "--memory", type=int, nargs="*", default=[512], help="sizes whose peak memory is read"
    )
    parser.add_argument("--only-precision", action="store_true", help="float32 beside bfloat16, nothing else")
    chosen = parser.parse_args(argv)
    figures: dict[str, object] = {}
    side = chosen.size
    if chosen.only_precision:
        return show(in_half_as_many_bits(side), chosen.json)
    painted("instant", side)  # loads the weights
    figures[f"P at {side} px, s"] = p = one_pass(side)
    figures[f"instant, {side} px, in P"] = seconds(lambda: painted("instant", side)) / p
    for mode in ("draft", "fine"):
        note(f"{mode} at {side} px")
        found = painted(mode, side)
        figures[f"{mode}, {side} px, in P"] = found["seconds"] / p
    figures["first preview in a warm process, s beyond 2 P"] = found["first_preview"] - 2 * p
    for size in chosen.sizes:
        if size != side:
            note(f"fine at {size} px")
            figures[f"fine, {size} px, times that at {side} px"] = (
                painted("fine", size)["seconds"] / found["seconds"]
            )
    for size in chosen.memory:
        note(f"memory at {size} px")
        figures[f"peak memory, fine, {size} px, GiB"] = peak("fine", size)
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
