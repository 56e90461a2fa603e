"""Parts of the Classify page."""
