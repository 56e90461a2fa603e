"""Form widgets: settings, images, videos, texts, masks."""
