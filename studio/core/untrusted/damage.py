"""The exceptions that reading a damaged file may raise; Python's readers have no common one."""

from __future__ import annotations

import tokenize
import zipfile
import zlib

# For a zip with corrupted directory, sizes, methods or streams.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)
# For a zip of NumPy arrays, whose headers are Python literals.
NPZ_ERRORS = (*ZIP_ERRORS, KeyError, TypeError, SyntaxError, tokenize.TokenError)
