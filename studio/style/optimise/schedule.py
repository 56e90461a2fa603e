"""The sizes that a painting grows through, and the passes that each gets; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Sequence

from studio.core.errors import invalid
from studio.core.pictures import images
from studio.style.optimise.painters import PAINTERS
from studio.style.settings import TransferSettings

LEAST_SIDE = 16  # px: one place is left of it at the deepest layer
LEAST_LEVEL = 64  # px: the smallest longer side at which a picture is compared with its styles
COARSEST = 128  # px of the longer side, where painting begins
FIRST_COARSEST = 512  # px, of the first painter: it holds the content at one size alone, and loses it below


def check_sides(height: int, width: int, settings: TransferSettings) -> None:
    """Raises `InvalidInput` if the result of a photo of that size is too narrow for the deepest layer."""
    small = images.fitted(height, width, settings.size)
    if settings.passes and min(small) < LEAST_SIDE:
        least = -(-LEAST_SIDE * max(height, width) // min(height, width))
        raise invalid(
            "size",
            expected=f"a shorter side of at least {LEAST_SIDE} px for {settings.mode}",
            received=f"{small[1]} x {small[0]} px",
            next_step=f"choose a size of {least} px or more, or the instant mode",
        )


def scales(size: int, painter: int = 3) -> list[int]:
    """Longer sides in px from coarse to fine for a result of `size` px, each at most twice the one before."""
    found, coarsest = [size], COARSEST if painter > 1 else FIRST_COARSEST
    while found[0] > coarsest * 1.25:
        found.insert(0, max(coarsest, found[0] // 2))
    return found


def schedule(sizes: Sequence[int], passes: int, lasting: float = 0.5) -> list[int]:
    """How many passes each scale gets, from coarse to fine: each about half as many as the one before.

    A pass at twice the size costs four times as much and has only the finest strokes left to do.

    Args:
        lasting: the share that is left at the next size.
    """
    return [max(1, round(passes * lasting**i)) for i in range(len(sizes))]


def first_look(settings: TransferSettings) -> int:
    """The longer side of the instant result that is shown before the first pass, or is all that is wanted."""
    return scales(settings.size, painter=1)[0] if settings.passes else settings.size


def stages(settings: TransferSettings) -> list[tuple[int, int]]:
    """The longer side and the passes of every scale, from coarse to fine; none for an instant result."""
    if not settings.passes:
        return []
    sizes = scales(settings.size, settings.painter)
    return list(zip(sizes, schedule(sizes, settings.passes, PAINTERS[settings.painter].lasting), strict=True))


def levels(size: int, painter: int = 3) -> list[int]:
    """The sizes at which a picture of `size` px is compared with its styles, itself first."""
    found = [size]
    while painter > 1 and found[-1] // 2 >= LEAST_LEVEL:
        found.append(found[-1] // 2)
    return found


def cost(size: int, painter: int) -> float:
    """What one pass costs, in millions of pixels of a square picture of that longer side."""
    whole = 1.0 + 2.0 * PAINTERS[painter].margin
    return whole**2 * sum(side**2 for side in levels(size, painter)) / 1e6
