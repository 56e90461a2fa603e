"""Asking a classifier: what a picture shows, and where it sees that."""
