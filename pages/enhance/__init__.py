"""The parts of the page that enlarges."""
