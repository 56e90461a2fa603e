"""The parts of the page X-ray."""
