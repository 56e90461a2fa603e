"""The parts of the page Text."""
