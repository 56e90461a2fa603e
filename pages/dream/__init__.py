"""The parts of the dream page."""
