"""Trains networks that detect damage in photos."""
