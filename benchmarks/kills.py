"""Workers and servers killed with -9 at random moments: what was finished stays, and the next job works.

    python -m benchmarks.kills [--json] [--workers 100] [--servers 30] [--seed 0]

A studio of its own, in a temporary STUDIO_HOME, always has jobs running and waiting: small ones of the tests,
so that many end between two kills. It tells each job that has ended as soon as it sees that. In the end every
one that ended well must still be there, done, with an image that can be read; no job may be said to run; no
process of a killed studio may be left; and a new job must end.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.report import ROOT, arguments, note, show
from studio.core.process import children

FAKES = ROOT / "tests" / "fakes"
MEMORY = {"job": 450e6, "live": 450e6, "drive": 450e6}
WAITING = 3  # jobs that are never all done
PATIENCE = 120.0
GONE_WITHIN = 10.0


def serve(seed: int) -> None:
    """The studio that is killed: submits chores without end and prints the number of each that is done."""
    engine, chores = _engine()
    draw, known = random.Random(seed), []
    while True:
        while len(known) < WAITING:
            settings = chores.ChoreSettings(steps=draw.randint(1, 12), pause=0.05, shade=draw.randint(0, 255))
            known.append(engine.submit("chores.do", settings, {}).id)
        for id in list(known):
            job = engine.job(id)
            if job.finished:
                known.remove(id)
                sys.stdout.write(json.dumps([id, job.state, job.error]) + "\n")
                sys.stdout.flush()
        time.sleep(0.02)


def _engine():
    sys.path.insert(0, str(FAKES))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(FAKES)])  # for the workers
    import chores

    from studio.core import tasks
    from studio.engine import Engine

    tasks.TASKS.update(chores.TASKS)
    return Engine(memory=MEMORY, warm=False), chores


class Server:
    """A studio in a process of its own.

    Args:
        home: its STUDIO_HOME.
        number: which one it is; its chores follow from it.
    """

    def __init__(self, home: Path, number: int):
        self.told = home.parent / f"told-{number}.txt"
        environment = children.environment(STUDIO_HOME=str(home))
        with self.told.open("wb") as out, (home.parent / "server.log").open("ab") as log:
            words = children.command("-m", "benchmarks.kills", "--serve", str(number))
            self.process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=out, stderr=log)

    def ended(self) -> list[tuple[str, str, str]]:
        """The jobs that it said have ended: number, state and error."""
        whole = self.told.read_bytes().rpartition(b"\n")[0]
        return [tuple(json.loads(line)) for line in whole.splitlines()]

    def until_more(self, count: int) -> None:
        """Waits until it has told of more jobs than so many."""
        _until(lambda: len(self.ended()) > count)

    def family(self) -> list[psutil.Process]:
        """All processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def worker(self) -> psutil.Process | None:
        """The process that works on jobs; None while there is none."""
        for process in self.family():
            try:
                if process.nice() == 10 and "resource_tracker" not in " ".join(process.cmdline()):
                    return process
            except psutil.Error:
                continue
        return None

    def kill(self) -> int:
        """Kills it. Returns how many of its processes are still there a while after."""
        family = self.family()
        self.process.kill()
        self.process.wait()
        _, left = psutil.wait_procs(family, GONE_WITHIN)
        return sum(process.status() != psutil.STATUS_ZOMBIE for process in left)


def _until(holds) -> float:
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError("no job has ended in time")
        time.sleep(0.02)
    return time.monotonic() - began


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        home.mkdir()
        os.environ["STUDIO_HOME"] = str(home)
        yield home


def run(workers: int, servers: int, seed: int) -> dict[str, object]:
    """Kills so many of both, then looks at what is left."""
    draw, told, left, waits = random.Random(seed), [], 0, []
    with _home() as home:
        server = Server(home, 0)
        server.until_more(0)
        for number in range(workers):
            time.sleep(draw.uniform(0, 1.0))
            _until(server.worker)
            seen = len(server.ended())
            if worker := server.worker():
                worker.kill()
            began = time.monotonic()
            server.until_more(seen)
            waits.append(time.monotonic() - began)
            if number % 10 == 9:
                note(f"{number + 1} of {workers} workers killed")
        left += server.kill()
        told += server.ended()
        for number in range(servers):
            server = Server(home, number + 1)
            if number % 3:  # every third one before it has done anything
                server.until_more(0)
            time.sleep(draw.uniform(0, 3.0))
            left += server.kill()
            told += server.ended()
            if number % 10 == 9:
                note(f"{number + 1} of {servers} servers killed")
        return {
            "workers killed": workers,
            "servers killed": servers,
            **_looked_over(told),
            "processes left over": left,
            "median wait for the next end after a worker's death, s": sorted(waits)[len(waits) // 2],
        }


def _looked_over(told: list[tuple[str, str, str]]) -> dict[str, object]:
    """What a new studio finds, and whether it works."""
    from studio.core.imaging import image_io

    engine, chores = _engine()
    try:
        job = engine.submit("chores.do", chores.ChoreSettings(), {})
        _until(lambda: engine.job(job.id).finished)
        works = engine.job(job.id).state == "done"
        states = [_state(engine, path.name) for path in (Path(os.environ["STUDIO_HOME"]) / "jobs").iterdir()]
        done = [id for id, state, _ in told if state == "done"]
        lost = unreadable = 0
        for id in done:
            found = engine.job(id)
            lost += found.state != "done"
            try:
                image_io.read(found.result.files[0].read())
            except Exception:
                unreadable += 1
    finally:
        engine.close()
    return {
        "jobs that ended well": len(done),
        "of them lost": lost,
        "of them unreadable": unreadable,
        "jobs that failed": sum(state == "failed" for _, state, _ in told),
        "jobs shown as interrupted": states.count("interrupted"),
        "jobs said to run, though nothing runs": states.count("running"),
        "the next job works": works,
    }


def _state(engine, id: str) -> str:
    """Of a job; "" of one whose studio was killed before it had told anybody that it took it."""
    from studio.core.errors import Unavailable

    try:
        return engine.job(id).state
    except Unavailable:
        return ""


def main(argv: Sequence[str] | None = None) -> None:
    """Runs it, or the studio that it kills."""
    parser = arguments(__doc__, quick="--workers 1 --servers 1")
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--servers", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--serve", type=int, help="be the studio that is killed")
    asked = parser.parse_args(argv)
    if asked.serve is not None:
        serve(asked.serve)
    show(run(asked.workers, asked.servers, asked.seed), asked.json)


if __name__ == "__main__":
    main()
