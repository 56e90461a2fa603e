"""What asks a user: settings, images, videos, texts, masks."""
