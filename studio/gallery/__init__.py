"""The gallery: lists, searches, shows, exports, removes, restores, replays and compares results.

An item is the folder of a finished job with a result (see `studio.engine.jobs.store`). Jobs and saved live
results leave such folders, and commands write them, too. The files are the source of truth.
"""
