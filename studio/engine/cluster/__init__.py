"""The Dask cluster: its processes, what runs in its workers, and how the server reaches them."""
