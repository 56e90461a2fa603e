"""Searches that a user's eye decides, two images at a time."""
