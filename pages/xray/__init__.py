"""The parts of the X-ray page."""
