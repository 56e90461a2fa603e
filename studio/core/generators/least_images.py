"""Least number of images to train a generator on."""

LEAST_IMAGES = 64  # distinct images
