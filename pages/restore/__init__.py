"""The parts of the restore page."""
