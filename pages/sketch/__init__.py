"""What only the page that paints from drawings has."""
