"""Reading, converting and encoding images and videos."""
