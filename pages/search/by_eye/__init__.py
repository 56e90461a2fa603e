"""The parts of the search page that compare pictures by eye."""
