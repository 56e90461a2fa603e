"""A data set of TensorFlow Datasets that is small enough to prepare in a test."""
