"""The live lane: results in memory within a second or so, for sliders and text."""

from __future__ import annotations

import json
import time
from typing import Any

from distributed import Future

from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.engine import store, work
from studio.engine.cluster import Cluster
from studio.engine.jobs import Live
from studio.engine.turns import Turns

SECONDS = 60.0
LET_GO_SECONDS = 10.0
LATE = f"It took over {SECONDS:.0f} s. Next: run it as a job, or try a smaller size."


class LiveLane:
    """Runs tasks of many sessions one at a time, and leaves nothing on disk."""

    def __init__(self, cluster: Cluster):
        self._cluster = cluster
        self._turns = Turns(lambda: cluster.slots("live"))

    def run(self, task: tasks.Task, settings: Settings, inputs: tasks.Inputs, session: str) -> Live:
        """Waits for the session's turn and for the result.

        Raises:
            Superseded: if the session asked again meanwhile.
            Unavailable: if its turn does not come.
            StudioError: if it fails, or takes longer than SECONDS.
        """
        asked = {
            "task": task.name,
            "title": task.title,
            "settings": settings.model_dump(mode="json"),
            "inputs": store.pack_inputs(inputs),
        }
        with self._turns.take(session):
            answer = self._run(task, asked)
        if "error" in answer:
            raise StudioError(answer["error"])
        recipe = answer.pop("recipe")
        recipe = None if recipe is None else Recipe.model_validate_json(json.dumps(recipe))
        return Live(task=task.name, settings=settings, inputs=inputs, recipe=recipe, **answer)

    def close(self) -> None:
        """Sends all away who wait; to be called once the cluster has ended."""
        self._turns.close()

    def _run(self, task: tasks.Task, asked: dict[str, Any]) -> dict[str, Any]:
        id = f"live-{time.time_ns()}"
        future = self._cluster.submit("live", id, work.run_live, id, tasks.TASKS[task.name], asked)
        try:
            future.exception(SECONDS)
        except TimeoutError:
            return self._give_up(id, future)
        death = self._cluster.death("live", future)
        return {"error": death} if death else future.result()

    def _give_up(self, id: str, future: Future) -> dict[str, Any]:
        self._cluster.stop(id)
        try:
            future.exception(LET_GO_SECONDS)
        except TimeoutError:
            self._cluster.restart("live", future)
        self._cluster.forget_stop(id)
        return {"error": LATE}
