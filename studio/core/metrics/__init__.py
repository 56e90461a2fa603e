"""How near made pictures are to real ones."""
