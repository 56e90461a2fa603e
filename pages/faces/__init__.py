"""The parts of the page Faces."""
