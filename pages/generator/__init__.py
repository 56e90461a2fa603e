"""The parts of the page that trains a generator."""
