"""Processes: resource limits, child processes, and the sandbox for untrusted files."""
