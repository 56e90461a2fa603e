"""The very weights and models that a recipe names: whether they can be had. Loads and fetches nothing."""

from __future__ import annotations

from collections.abc import Mapping

from studio.core.errors import Unavailable, printable
from studio.core.models import presets
from studio.core.weights import pretrained


def check(pinned: Mapping[str, str]) -> None:
    """Refuses what can no longer be made of the same weights.

    Args:
        pinned: SHA-256 of weights and models, by their names in a recipe.

    Raises:
        Unavailable: if a model is gone or has become another one since, or if only another training run of
            some weights can be had.
    """
    for name, digest in pinned.items():
        if name in pretrained.names():
            _check_weights(name, digest)
        elif presets.is_known(name):
            presets.check_digest(presets.find(name), digest)
        else:
            raise Unavailable(
                f"This was made with the model {printable(name, 60)} (SHA-256 of its weights {digest}), "
                "which is no longer here. Restore that model."
            )


def _check_weights(name: str, digest: str) -> None:
    found = pretrained.status(name, digest)
    if not found.cached and found.digest not in ("", digest):
        raise Unavailable(
            f"This was made with another training run of {found.title} (SHA-256 {digest}) than can be had "
            f"here. "
            "Use the version of the studio that made it."
        )
