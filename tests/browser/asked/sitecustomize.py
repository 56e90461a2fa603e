"""Runs in each process that is started with this folder in PYTHONPATH: SIGUSR1 makes it print its threads."""

import faulthandler
import signal

faulthandler.register(signal.SIGUSR1)
