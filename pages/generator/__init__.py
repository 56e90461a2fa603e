"""Parts of the page Train a generator."""
