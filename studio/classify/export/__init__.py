"""Exports a classifier to one file for other programs."""
