"""Searches by preference: a user picks the better of two images at a time."""
