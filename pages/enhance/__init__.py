"""The parts of the enhance page."""
