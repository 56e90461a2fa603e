"""The parts of the colorize page."""
