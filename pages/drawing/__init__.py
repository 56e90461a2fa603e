"""The parts of the page that teaches a model to draw."""
