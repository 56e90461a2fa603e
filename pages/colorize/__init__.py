"""The parts of the page that colors."""
