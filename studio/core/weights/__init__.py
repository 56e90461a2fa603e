"""Pretrained weights: their index, downloads, conversion and verification."""
