"""The parts of the search page that compare images by preference."""
