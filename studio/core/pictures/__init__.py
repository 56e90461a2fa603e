"""Pictures and films in, pictures and films out."""
