"""What commands and Python do with a task: names and paths become its inputs, its result is kept or saved.

Both stand on this; it knows neither.
"""
