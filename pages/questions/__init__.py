"""Questions about deep learning, each with the page that shows the answer."""
