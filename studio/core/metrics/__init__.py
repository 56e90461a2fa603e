"""How near made images are to real ones."""
