"""Jobs on dask.distributed: the queue on disk is the truth, Dask only runs it.

`connect()` gives this process's one engine; pages call nothing else.
"""
