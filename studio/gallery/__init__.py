"""Finished work: listed, searched, shown, exported, removed and brought back, made again and compared.

An item is the folder of a finished job that has a result (see `studio.engine.jobs.store`): what jobs and
kept live results make is an item as it stands, and commands write such a folder too. Files are the truth.
"""
