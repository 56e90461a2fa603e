"""The parts of the page that teaches classes."""
