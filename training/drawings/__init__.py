"""Images drawn by code: sample paintings, avatars, sketches, and the images of pages and docs."""
