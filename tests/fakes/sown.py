"""A folder full of files that bear the names of libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

NAMES = (
    *("dask", "distributed", "keras", "numpy", "pip", "starlette", "streamlit", "tensorflow", "uvicorn"),
    *("asyncio", "json", "multiprocessing", "socket", "tempfile"),
    *("pages", "sitecustomize", "studio"),
)


def sown(place: Path) -> tuple[Path, Callable[[], list[str]]]:
    """Such a folder below `place`, and what tells the names of those files that anything has run."""
    folder, marks = place / "sown", place / "marks"
    folder.mkdir()
    marks.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"open({str(marks / name)!r}, 'w').close()\n")
    return folder, lambda: sorted(path.name for path in marks.iterdir())
