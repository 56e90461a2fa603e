"""A data set of TensorFlow Datasets, small enough to be prepared in a test."""
