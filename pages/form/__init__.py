"""What asks a person: settings, pictures, films, texts, masks."""
