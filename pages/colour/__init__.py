"""The parts of the page that colours."""
