"""Image classifiers from other tools: read and checked without running anything, rebuilt in a sandbox.

`files` checks and stores a file, `safe_copies` has a sandboxed process rebuild it with `resave` and another
check the copy with `copy_check`; the rest of the studio loads only that copy.
"""
