"""What every face does with a task: names and paths become its inputs, and its result is kept or saved.

Commands, Python and pages stand on this; it knows none of them.
"""
