"""The parts of the faces page."""
