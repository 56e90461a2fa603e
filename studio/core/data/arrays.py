"""Reads images from arrays in an npz: checks sizes before it allocates memory, never unpickles."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from studio.core import amounts
from studio.core.data.sources import DataSource, Item, invalid_data_set
from studio.core.errors import InvalidInput, make_printable
from studio.core.untrusted import damage

MAX_BYTES = 4 * 2**30  # all arrays together
MAX_IMAGES = 1_000_000
MAX_ARRAYS = 1000  # in a file
_MAX_LABEL_BYTES = 4096  # bytes, a word of a thousand characters
_MAX_ANNOTATION_BYTES = 256 * 10**6  # bytes of all labels and attributes, which are held in memory together
# Training images before test images, because the last images of a data set are tested on.
_IMAGES_AND_LABELS = (("x_train", "y_train"), ("x_test", "y_test"), ("images", "labels"), ("x", "y"))
_LABEL_NAMES = ("y", "labels", "label")
_EXPECTED_NAMES = "x_train and x_test, images, or x"

Header = tuple[tuple[int, ...], np.dtype]


def open_source(path: Path, name: str) -> DataSource:
    """Returns the images of an npz, with labels if it has them.

    The arrays are `x_train` and `x_test` with labels `y_train` and `y_test`, `images` with `labels`, or `x`
    with `y`.

    Any other array of one float per image is an attribute of that name.

    Args:
        path: path of the file, whose zip has been checked.
        name: name of the data set, for errors.

    Raises:
        InvalidInput: if it is damaged, has no such arrays, or their shapes or types do not fit.
    """
    headers, image_arrays = _read_checked_headers(path, name)
    counts = [headers[part][0][0] for part, _ in image_arrays]
    try:
        label_values = _read_labels(path, image_arrays)
        attributes = {key: _read_array(path, key) for key in _find_attribute_keys(headers, sum(counts))}
    except damage.NPZ_ERRORS as error:
        raise _damaged_npz_error(name, error) from None
    width = len(str(sum(counts)))
    part_names = [part for (part, _), count in zip(image_arrays, counts, strict=True) for _ in range(count)]
    names = tuple(f"{n:0{width}d} {part}" for n, part in enumerate(part_names))
    classes, label_indices = (
        np.unique(label_values, return_inverse=True) if label_values is not None else ((), None)
    )

    def read() -> Iterator[Item]:
        start = 0
        for (part, _), count in zip(image_arrays, counts, strict=True):
            try:
                images = _read_array(path, part)
            except damage.NPZ_ERRORS as error:
                raise _damaged_npz_error(name, error) from None
            for n in range(count):
                label = -1 if label_indices is None else int(label_indices[start + n])
                item_attributes = {key: float(values[start + n]) for key, values in attributes.items()}
                yield Item(start + n, _to_rgb(name, part, images[n]), label, item_attributes)
            start += count

    return DataSource(
        names,
        tuple(str(value) for value in classes),
        tuple(attributes),
        read,
        tuple(_describe_arrays(image_arrays)),
    )


def count_images(path: Path, name: str) -> int:
    """Counts the images of an npz by the headers of its arrays. Arguments and errors as of `open_source`."""
    headers, image_arrays = _read_checked_headers(path, name)
    return sum(headers[part][0][0] for part, _ in image_arrays)


def read(path: Path, name: str, keys: Collection[str]) -> dict[str, np.ndarray]:
    """Reads arrays of an npz.

    Args:
        path: path of the file, whose zip has been checked.
        name: name of the data set, for errors.
        keys: names of the arrays.

    Raises:
        InvalidInput: if it is damaged, or an array is missing.
    """
    try:
        headers = _read_headers(path, name)
        if missing := [key for key in keys if key not in headers]:
            expected, received = f"arrays called {', '.join(keys)}", f"none called {', '.join(missing)}"
            raise invalid_data_set(name, expected, received, "choose another file")
        return {key: _read_array(path, key) for key in keys}
    except damage.NPZ_ERRORS as error:
        raise _damaged_npz_error(name, error) from None


def write(file: Path | BinaryIO, contents: Mapping[str, np.ndarray]) -> None:
    """Writes an npz whose bytes depend only on its arrays; `numpy.savez` would add the time.

    Args:
        file: path or open file.
        contents: arrays by name.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in contents.items():
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _describe_arrays(image_arrays: list[tuple[str, str]]) -> Iterator[str]:
    """Yields sentences about used and ignored arrays."""
    if len(image_arrays) > 1:
        yield f"{' and '.join(part for part, _ in image_arrays)} are used, in this order."
    unlabeled_parts = [part for part, labels in image_arrays if not labels]
    if 0 < len(unlabeled_parts) < len(image_arrays):
        label_keys = " and ".join(labels for _, labels in image_arrays if labels)
        missing = " and ".join(dict(_IMAGES_AND_LABELS)[part] for part in unlabeled_parts)
        names = " and ".join(unlabeled_parts)
        yield f"The labels in {label_keys} are ignored, as {names} has none: there is no {missing}."


def _read_checked_headers(path: Path, name: str) -> tuple[Mapping[str, Header], list[tuple[str, str]]]:
    """Returns the headers of all arrays, and the names of image arrays, each with that of its labels."""
    try:
        headers = _read_headers(path, name)
    except damage.NPZ_ERRORS as error:
        raise _damaged_npz_error(name, error) from None
    image_arrays = _find_image_arrays(name, headers)
    for part, labels in image_arrays:
        _check_image_array(name, headers, part, labels)
    _check_annotation_size(name, headers, image_arrays)
    return headers, image_arrays


def _check_annotation_size(
    name: str, headers: Mapping[str, Header], image_arrays: list[tuple[str, str]]
) -> None:
    """Refuses labels and attributes of many bytes: a fixed-width text compresses to almost nothing."""
    count = sum(headers[part][0][0] for part, _ in image_arrays)
    keys = {*_find_attribute_keys(headers, count), *(labels for _, labels in image_arrays if labels)}
    total = sum(math.prod(headers[key][0]) * headers[key][1].itemsize for key in keys)
    if total > _MAX_ANNOTATION_BYTES:
        limit, received = amounts.format_bytes(_MAX_ANNOTATION_BYTES), amounts.format_bytes(total)
        step = "save labels as whole numbers or shorter words"
        raise invalid_data_set(name, f"labels and attributes of at most {limit}", received, step)


def _read_headers(path: Path, name: str) -> Mapping[str, Header]:
    """Returns shape and dtype of each array. Raises `ValueError` if a size differs from its header."""
    headers, total = {}, 0
    with zipfile.ZipFile(path) as archive:
        if (count := len(archive.infolist())) > MAX_ARRAYS:
            raise invalid_data_set(name, f"at most {MAX_ARRAYS:,} arrays", f"{count:,}", "leave some out")
        for info in archive.infolist():
            with archive.open(info) as file:
                shape, dtype = _read_header(file)
                key = info.filename.removesuffix(".npy")
                if dtype.hasobject:  # objects are pickled, and unpickling can run code
                    received = f"Python objects in {make_printable(key, 60)}"
                    step = "save words as np.array(words, dtype=str), images of one size as uint8"
                    raise invalid_data_set(name, "arrays of numbers or words", received, step)
                size = math.prod(shape) * dtype.itemsize
                total += size
                if size != info.file_size - file.tell() or total > MAX_BYTES:
                    raise ValueError
            headers[key] = (shape, dtype)
    return headers


def _read_header(file: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    try:
        shape, _, dtype = read(file)
    except (MemoryError, RecursionError):  # from Python's parser, for a deeply nested expression
        raise ValueError("a header that is nested too deep") from None
    return shape, dtype


def _find_image_arrays(name: str, headers: Mapping[str, Header]) -> list[tuple[str, str]]:
    """Returns the names of the image arrays, each with the name of its labels or ""."""
    pairs = [pair for pair in _IMAGES_AND_LABELS if pair[0] in headers]
    pairs = [pair for pair in pairs if pair[0].startswith("x_")] or pairs[:1]
    if not pairs:
        received = ", ".join(headers) or "none"
        raise invalid_data_set(
            name, f"arrays called {_EXPECTED_NAMES}", received, "save it again with these array names"
        )
    return [(part, next((y for y in (own, *_LABEL_NAMES) if y in headers), "")) for part, own in pairs]


def _find_attribute_keys(headers: Mapping[str, Header], count: int) -> list[str]:
    """Returns the names of the arrays of one float per image."""
    keys = [key for key, (shape, dtype) in headers.items() if shape == (count,) and dtype.kind == "f"]
    return [key for key in keys if key not in _LABEL_NAMES]


def _check_image_array(name: str, headers: Mapping[str, Header], part: str, labels: str) -> None:
    shape, dtype = headers[part]
    images = len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))
    if not images or not (dtype == np.uint8 or dtype.kind == "f") or not all(shape):
        expected = (
            f"{part} of shape (n, height, width), or with 1 or 3 channels last, of uint8 or floats of 0 to 1"
        )
        raise invalid_data_set(name, expected, f"shape {shape} of {dtype}", "save it so")
    if shape[0] > MAX_IMAGES:  # zeros compress to almost nothing, but names and labels need memory
        raise invalid_data_set(
            name, f"at most {MAX_IMAGES:,} images", f"{shape[0]:,} images", "use a part of it"
        )
    if labels:
        shape_y, dtype_y = headers[labels]
        fits = dtype_y.kind in "biuU" and dtype_y.itemsize <= _MAX_LABEL_BYTES
        if math.prod(shape_y) != shape[0] or not fits:
            expected = f"{labels} with one whole number or word per image, so {shape[0]:,}"
            raise invalid_data_set(
                name, expected, f"shape {shape_y} of {dtype_y}", "save it so, or leave it out"
            )


def _read_labels(path: Path, image_arrays: list[tuple[str, str]]) -> np.ndarray | None:
    if not all(labels for _, labels in image_arrays):
        return None
    return np.concatenate([_read_array(path, labels).reshape(-1) for _, labels in image_arrays])


def _damaged_npz_error(name: str, error: Exception) -> InvalidInput:
    received = f"a damaged npz ({type(error).__name__})"
    return invalid_data_set(name, "an intact npz", received, "save it again")


def _read_array(path: Path, part: str) -> np.ndarray:
    with np.load(path, allow_pickle=False) as archive:
        return archive[part]


def _choose_scaling(low: float, high: float) -> str:
    """Returns what to do with floats of another range than 0 to 1."""
    if -1 <= low < 0 and high <= 1:
        return "add 1 and divide it by 2, or save it as uint8"
    return "divide it by 255, or save it as uint8" if low >= 0 else "scale it, or save it as uint8"


def _to_rgb(name: str, part: str, image: np.ndarray) -> np.ndarray:
    """Converts an image of `(H, W)` or `(H, W, 1 or 3)`, uint8 or float in [0, 1], to `(H, W, 3) uint8`."""
    if image.dtype != np.uint8:
        if not np.isfinite(image).all():
            received, step = f"NaN or infinite values in {part}", "replace them, or save it as uint8"
            raise invalid_data_set(name, f"floats of 0 to 1 in {part}", received, step)
        low, high = float(image.min()), float(image.max())
        if low < 0 or high > 1:
            raise invalid_data_set(
                name, f"floats of 0 to 1 in {part}", f"{low:.3g} to {high:.3g}", _choose_scaling(low, high)
            )
        image = np.round(image * 255.0).astype("uint8")
    image = image[..., None] if image.ndim == 2 else image
    return np.repeat(image, 3, -1) if image.shape[-1] == 1 else image
