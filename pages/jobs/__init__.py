"""Jobs and results, shared by all pages."""
