"""The parts of the text page."""
