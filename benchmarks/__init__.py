"""One script a figure: each prints a table, or one JSON object with `--json`. What was reached: README.md."""
