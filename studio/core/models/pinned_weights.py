"""Checks that the exact weights and models of a recipe are available, without loading or downloading them."""

from __future__ import annotations

from collections.abc import Mapping

from studio.core.errors import Unavailable, make_printable
from studio.core.models import presets
from studio.core.weights import pretrained


def check(pinned: Mapping[str, str]) -> None:
    """Checks that the exact weights and models of a recipe are available.

    Args:
        pinned: SHA-256 of weights and models, by their names in the recipe.

    Raises:
        Unavailable: if a model is missing or has been replaced, or if only other weights of that name are
            available.
    """
    for name, digest in pinned.items():
        if name in pretrained.list_names():
            _check_weights(name, digest)
        elif presets.is_known(name):
            presets.check_digest(presets.find(name), digest)
        else:
            raise Unavailable(
                f"This was made with the model {make_printable(name, 60)} (SHA-256 of its weights {digest}), "
                "which is no longer here. Restore that model."
            )


def _check_weights(name: str, digest: str) -> None:
    weights = pretrained.get_status(name, digest)
    if not weights.cached and weights.digest not in ("", digest):
        raise Unavailable(
            f"This was made with another training run of {weights.title} (SHA-256 {digest}) than can be had "
            "here. "
            "Use the version of the studio that made it."
        )
