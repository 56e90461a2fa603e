"""Draws the pictures that the pages ship: `python -m pages.parts.draw_pictures`.

Thumbnails of all samples, and the tiles of the home page, which takes some minutes and the weights. Run it
after a sample was added or a painting changed; its output is committed, so that no page waits for it.
"""

from __future__ import annotations

import io

from PIL import Image

from pages.parts.samples import SHIPPED, square
from pages.parts.tiles import TILES, Tile
from studio.core import images, samples, tasks
from studio.style import paintings
from studio.style.settings import TransferSettings

TILE = TransferSettings(mode="draft", size=512)
LONGEST = 480


def main() -> None:
    """Writes one WebP a sample photo, a painting and a tile."""
    SHIPPED.mkdir(exist_ok=True)
    for name in samples.photos():
        (SHIPPED / f"photo-{name}.webp").write_bytes(square(samples.photo(name)))
    for name in paintings.paintings():
        (SHIPPED / f"style-{name}.webp").write_bytes(square(paintings.draw(name)))
    for tile in TILES:
        (SHIPPED / tile.file).write_bytes(_made(tile))


def _made(tile: Tile) -> bytes:
    drawn = {"content": samples.photo(tile.inputs["content"]), "style": paintings.draw(tile.inputs["style"])}
    inputs = {
        slot: [tasks.File.keep(images.encode_png(pixels), "picture", f"{slot}.png")]
        for slot, pixels in drawn.items()
    }
    result = tasks.run(tile.task, TILE, inputs)
    picture = Image.fromarray(images.read(result.files[0].read()))
    picture.thumbnail((LONGEST, LONGEST))
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=82, method=6)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
