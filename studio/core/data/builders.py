"""Data sets of TensorFlow Datasets by name (`tfds:NAME`), downloaded and prepared if necessary."""

from __future__ import annotations

import os
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from studio.core.data.sources import DataSource, Item, invalid_data_set
from studio.core.errors import Unavailable, as_sentence, make_printable
from studio.core.progress import Progress

PREFIX = "tfds:"
_NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]*(/[A-Za-z0-9_.+-]+)?(:\d+\.\d+\.\d+)?")
REACH_SECONDS = 4  # TFDS itself retries for minutes without a network
# Other splits come second; the last images are tested on.
_SPLIT_ORDER = {"train": 0, "validation": 2, "test": 3}
_ALTERNATIVE = "give a folder, zip or tar of its images instead"


def is_tfds_name(text: str) -> bool:
    """Returns whether a text has the form `tfds:NAME`; such a data set need not exist."""
    return text.startswith(PREFIX) and _NAME_PATTERN.fullmatch(text.removeprefix(PREFIX)) is not None


def parse_name(text: str) -> str:
    """Parses the name in `tfds:NAME`. Raises `InvalidInput` for another form."""
    name = text.removeprefix(PREFIX)
    if not is_tfds_name(text):
        raise invalid_data_set(
            text, "a name such as tfds:mnist or tfds:celeb_a", name or "none", "check the spelling"
        )
    return name


def open_source(text: str, progress: Progress) -> DataSource:
    """Returns the images of a data set of TensorFlow Datasets; downloads and prepares it if necessary.

    Args:
        text: `tfds:NAME`.
        progress: reports the download.

    Raises:
        InvalidInput: if there is no such data set, or it has no images.
        Unavailable: if it cannot be downloaded; within 10 s if there is no network.
    """
    builder = _load_builder(parse_name(text))
    if not _is_prepared(builder):
        _download_and_prepare(builder, text, progress)
    return _open_images(builder, text)


def check_reachable(text: str) -> None:
    """Checks that `open_source` would succeed, without downloading. Raises as `open_source`."""
    builder = _load_builder(parse_name(text))
    if not _is_prepared(builder):
        _check_sites(builder, text)
        _find_image_feature(builder, text)


def count_download_bytes(text: str) -> int | None:
    """Returns the most bytes to download; 0 if unknown, None if the data set is already prepared.

    Raises:
        InvalidInput: if there is no such data set.
    """
    builder = _load_builder(parse_name(text))
    return None if _is_prepared(builder) else sum(info.size for info in (builder.url_infos or {}).values())


def read_state(text: str) -> str:
    """Reads the state of a data set for cache keys: its version and preparation time."""
    path = Path(_load_builder(parse_name(text)).data_dir)
    return f"{path.name} {(path / 'dataset_info.json').stat().st_mtime_ns if path.exists() else ''}"


def _load_builder(name: str) -> Any:
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise Unavailable(
            f"{PREFIX}{name} needs tensorflow-datasets, which cannot be loaded ({error.name}). "
            f"Install it, or {_ALTERNATIVE}."
        ) from None
    folder = os.environ.get("TFDS_DATA_DIR") or None  # TFDS reads it only on import
    try:
        return tfds.builder(name, data_dir=folder, try_gcs=False)
    except tfds.core.registered.DatasetNotFoundError:
        full_name = f"{PREFIX}{name}"
        raise invalid_data_set(
            full_name, "a data set of TensorFlow Datasets", "no such name", "check the spelling"
        ) from None
    except (ValueError, AssertionError) as error:  # no such version or configuration
        received = make_printable(str(error).partition("\n")[0], 120)
        raise invalid_data_set(
            f"{PREFIX}{name}", "an existing version of it", received, "leave it out"
        ) from None


def _is_prepared(builder: Any) -> bool:
    return (Path(builder.data_dir) / "dataset_info.json").is_file()


def _download_and_prepare(builder: Any, text: str, progress: Progress) -> None:
    import tensorflow_datasets as tfds

    _check_sites(builder, text)
    progress.report_stage(f"Downloading {text}, which may take long")
    tfds.disable_progress_bar()
    try:
        builder.download_and_prepare()
    except Exception as error:  # from the site, the network, the disk or the builder's own code
        raise _unavailable_error(
            text, f"could not be downloaded and prepared ({type(error).__name__})"
        ) from None


def _check_sites(builder: Any, text: str) -> None:
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        raise _unavailable_error(text, "can only be downloaded by hand")
    sites = {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in builder.url_infos}
    if unreachable := sorted(_find_unreachable_sites(sites)):
        raise _unavailable_error(
            text, f"is not on this machine, and {unreachable[0]} cannot be reached to download it"
        )


def _find_unreachable_sites(sites: set[str]) -> set[str]:
    unreachable = set(sites)

    def contact(site: str) -> None:
        try:
            urllib.request.urlopen(site, timeout=REACH_SECONDS).close()
        except urllib.error.HTTPError:
            pass  # the site responded
        except (OSError, ValueError):
            return
        unreachable.discard(site)

    # In threads, because DNS lookups have no timeout.
    threads = [threading.Thread(target=contact, args=(site,), daemon=True) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(REACH_SECONDS + 1)
    return set(unreachable)


def _unavailable_error(text: str, reason: str) -> Unavailable:
    return Unavailable(f"The data set {text} {reason}. {as_sentence(_ALTERNATIVE)}")


def _find_image_feature(builder: Any, text: str) -> str:
    """Finds the name of the image feature. Raises `InvalidInput` if there is none."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    kinds = features.items() if isinstance(features, tfds.features.FeaturesDict) else ()
    image = next((key for key, kind in kinds if isinstance(kind, tfds.features.Image)), None)
    if image is None or np.dtype(features[image].np_dtype) != np.uint8:
        received = ", ".join(key for key, _ in kinds) or "something else"
        raise invalid_data_set(text, "images of 8 bits a channel", received, "choose another")
    return image


def _open_images(builder: Any, text: str) -> DataSource:
    import tensorflow_datasets as tfds

    image, features = _find_image_feature(builder, text), builder.info.features
    kinds = features.items()
    label = next((key for key, kind in kinds if isinstance(kind, tfds.features.ClassLabel)), None)
    attributes = {name: path for name, path in _find_scalars(features) if path != (label,)}
    splits = sorted(builder.info.splits, key=lambda split: (_SPLIT_ORDER.get(split, 1), split))
    counts = [builder.info.splits[split].num_examples for split in splits]
    width = len(str(sum(counts)))
    order = [split for split, count in zip(splits, counts, strict=True) for _ in range(count)]

    def read() -> Iterator[Item]:
        index = 0
        for split in splits:
            for example in _read_examples(builder, split, image):
                item_attributes = {name: _read_value(example, path) for name, path in attributes.items()}
                yield Item(
                    index, bytes(example[image]), int(example[label]) if label else -1, item_attributes
                )
                index += 1

    names = tuple(f"{n:0{width}d} {split}" for n, split in enumerate(order))
    notes = (f"{' and '.join(splits)} are used, in this order.",) if len(splits) > 1 else ()
    return DataSource(names, tuple(features[label].names) if label else (), tuple(attributes), read, notes)


def _read_examples(builder: Any, split: str, image: str) -> Iterator[Mapping[str, Any]]:
    """Yields the examples of a split in a fixed order, with encoded images."""
    import tensorflow_datasets as tfds

    decoders = {image: tfds.decode.SkipDecoding()}
    if builder.info.file_format == tfds.core.FileFormat.ARRAY_RECORD:
        yield from builder.as_data_source(split=split, decoders=decoders)
        return
    in_order = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    yield from tfds.as_numpy(
        builder.as_dataset(split=split, decoders=decoders, shuffle_files=False, read_config=in_order)
    )


def _find_scalars(features: Any, parents: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields the scalar features (numbers and booleans), by name and path."""
    for key, kind in features.items():
        if hasattr(kind, "items"):
            yield from _find_scalars(kind, (*parents, key))
        elif kind.shape == () and np.dtype(kind.np_dtype).kind in "biuf":
            yield key, (*parents, key)


def _read_value(example: Mapping[str, Any], path: tuple[str, ...]) -> float:
    value: Any = example
    for key in path:
        value = value[key]
    return float(value)
