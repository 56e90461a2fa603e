"""The Dask cluster: its processes, the code of its workers, and the server's client."""
