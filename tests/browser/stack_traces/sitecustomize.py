"""Runs in each process that has this folder in PYTHONPATH: on SIGUSR1 it prints all stack traces."""

import faulthandler
import signal

faulthandler.register(signal.SIGUSR1)
