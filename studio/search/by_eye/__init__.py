"""Searches that a person's eye decides, two pictures at a time."""
