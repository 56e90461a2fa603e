"""Processes: what this one may use, starting others, and shutting in one that touches a third-party file."""
