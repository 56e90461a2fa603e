"""Keras models that a person brings: read without running anything, rebuilt, and kept as safe copies."""
