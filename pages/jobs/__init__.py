"""What runs and what came of it, alike for all pages."""
