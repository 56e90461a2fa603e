"""Checks the requirements of the studio on this machine, and measures its speed."""
