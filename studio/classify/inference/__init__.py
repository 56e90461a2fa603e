"""Inference with a classifier: predictions, Grad-CAM and test scores."""
