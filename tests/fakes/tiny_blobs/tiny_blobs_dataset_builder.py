"""Gray images with a label and two attributes, made by a TFDS builder."""

from __future__ import annotations

import numpy as np
import tensorflow_datasets as tfds

TRAIN, TEST = 8, 3


class Builder(tfds.core.GeneratorBasedBuilder):
    """Image n of a split has the gray level 20 n (train) or 200 + n (test)."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(20, 16, 3)),
            "label": tfds.features.ClassLabel(names=["dark", "light"]),
            "attributes": {"round": np.bool_, "age": np.float32},
            "caption": tfds.features.Text(),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, downloads):
        train, test = [20 * n for n in range(TRAIN)], [200 + n for n in range(TEST)]
        return {"test": self._generate_examples(test), "train": self._generate_examples(train)}

    def _generate_examples(self, levels):
        for level in levels:
            yield (
                level,
                {
                    "image": np.full((20, 16, 3), level, "uint8"),
                    "label": int(level > 100),
                    "attributes": {"round": level > 50, "age": float(level)},
                    "caption": "a blob",
                },
            )
