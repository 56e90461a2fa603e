"""Draws the small pictures of all samples: `python -m pages.parts.draw_thumbnails`.

Run it after a sample was added or a painting changed. Its output is committed, so that no page waits for it.
"""

from __future__ import annotations

from pages.parts.samples import SHIPPED, square
from studio.core import samples
from studio.style import paintings


def main() -> None:
    """Writes one square WebP a sample photo and a painting."""
    SHIPPED.mkdir(exist_ok=True)
    for name in samples.photos():
        (SHIPPED / f"photo-{name}.webp").write_bytes(square(samples.photo(name)))
    for name in paintings.paintings():
        (SHIPPED / f"style-{name}.webp").write_bytes(square(paintings.draw(name)))


if __name__ == "__main__":
    main()
