"""The parts of the gallery page."""
