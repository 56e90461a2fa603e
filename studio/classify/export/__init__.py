"""A classifier as one file for other programs."""
