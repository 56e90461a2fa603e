"""The parts of the lab's page."""
