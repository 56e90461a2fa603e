"""The parts of the style page."""
