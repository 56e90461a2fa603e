"""Small recorded runs, so that what lies under the hood is never empty on a first visit."""
