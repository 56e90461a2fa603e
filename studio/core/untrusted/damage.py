"""What reading a damaged file may raise: Python's own readers have no one error for it."""

from __future__ import annotations

import tokenize
import zipfile
import zlib

# A zip whose directory, sizes, methods or streams are corrupted.
ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)
# The same of NumPy's arrays within it, whose headers are Python.
NPZ = (*ZIP, KeyError, TypeError, SyntaxError, tokenize.TokenError)
