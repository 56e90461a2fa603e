"""Image classifiers made with other tools: read and checked without running anything, rebuilt in a sandbox.

A file takes this way: `files` (check and keep it), `safe_copies` (a process of the sandbox rebuilds it with
`resave`, another checks that copy with `copy_check`), then capabilities load the copy alone.
"""
