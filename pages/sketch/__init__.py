"""The parts of the sketch page."""
