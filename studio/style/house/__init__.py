"""House styles: one small network that has memorized several styles and paints any of them in one pass."""
