"""The parts of the painter's page."""
