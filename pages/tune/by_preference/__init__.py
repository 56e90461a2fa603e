"""Parts of the Tune page for a search by preference between images."""
