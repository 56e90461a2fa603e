"""Feature visualization of single channels."""
