"""A server for tests to kill: submits `count` chores, reports their ids, and waits.

python server.py count
"""

from __future__ import annotations

import json
import sys
import time

import psutil
from chores import TASKS, ChoreSettings
from waiting import wait_until

from studio.core import tasks
from studio.engine import Engine


def main() -> None:
    """Prints one line once the first job has a preview, then sleeps."""
    tasks.TASKS.update(TASKS)
    engine = Engine(memory={"job": 450e6, "live": 450e6, "drive": 450e6}, warm=False)
    jobs = [
        engine.submit("chores.do", ChoreSettings(steps=10_000, pause=0.02), {}),
        engine.submit("chores.do", ChoreSettings(steps=2), {}),
    ]
    engine.run_live("chores.do", ChoreSettings(), {}, "me")
    wait_until(lambda: engine.find_job(jobs[0].id).preview)
    family = psutil.Process().children(recursive=True)
    heavy = [name for name in ("tensorflow", "keras", "jax") if name in sys.modules]
    state = {"jobs": [job.id for job in jobs], "family": [child.pid for child in family], "heavy": heavy}
    sys.stdout.write(json.dumps(state) + "\n")
    sys.stdout.flush()
    time.sleep(600)


if __name__ == "__main__":
    main()
