"""Jobs on disk and in the server's memory: their folders, their order, what pages see of them."""
