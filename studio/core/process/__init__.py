"""Processes: what this one may use, starting others, and shutting in one that touches a stranger's file."""
