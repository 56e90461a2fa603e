"""Datasets of classes: audit, train/test split and class matching."""
