"""The parts of the Chain page."""
