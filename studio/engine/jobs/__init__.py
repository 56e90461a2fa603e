"""Jobs on disk and in the server's memory: their folders, the queue, and the views for pages."""
