"""Small recorded runs, so "Under the hood" has charts on a first visit."""
