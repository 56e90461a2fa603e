"""Runs tasks for commands and Python: resolves names and paths to inputs, and saves results.

Both the command line and the Python API build on this package, which imports neither.
"""
