"""Asking a classifier: what an image shows, and where it sees that."""
