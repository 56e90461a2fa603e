"""Classifiers made elsewhere, written for LiteRT: asked without Keras."""
