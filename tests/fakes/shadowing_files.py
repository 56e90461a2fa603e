"""A folder of files named like libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

NAMES = (
    *("dask", "distributed", "keras", "numpy", "pip", "starlette", "streamlit", "tensorflow", "uvicorn"),
    *("asyncio", "json", "multiprocessing", "socket", "tempfile"),
    *("pages", "sitecustomize", "studio"),
)


def write_shadowing_files(parent: Path) -> tuple[Path, Callable[[], list[str]]]:
    """Writes such a folder below `parent`; returns it, and a function that lists the files that were run."""
    folder, marks = parent / "libraries", parent / "marks"
    folder.mkdir()
    marks.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"open({str(marks / name)!r}, 'w').close()\n")
    return folder, lambda: sorted(path.name for path in marks.iterdir())
