"""Imported classifiers written for LiteRT: run without Keras."""
