"""House styles: one small network that knows several styles by heart and paints any of them in one pass."""
