"""Kills workers and servers with SIGKILL at random: finished jobs must stay, and the next job must work.

    python -m benchmarks.kills [--json] [--workers 100] [--servers 30] [--seed 0]

A separate studio, in a temporary STUDIO_HOME, always has jobs running and waiting: small ones of the tests,
so that many end between two kills. It logs each job that ended. At the end, every job that was done must
still be done, with a readable image; no job may be shown as running; no process of a killed studio may be
left; and a new job must end.
"""

from __future__ import annotations

import atexit
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from benchmarks.report import ROOT, make_parser, note, print_figures
from studio.core.process import children

FAKES = ROOT / "tests" / "fakes"
MEMORY = {"job": 450e6, "live": 450e6, "drive": 450e6}
UNFINISHED_JOBS = 3  # at any time
TIMEOUT_SECONDS = 120.0
EXIT_SECONDS = 10.0


def serve(seed: int) -> None:
    """Runs the studio to kill: submits jobs without end and prints the id of each that ended."""
    engine, chores = _start_engine()
    rng, running = random.Random(seed), []
    while True:
        while len(running) < UNFINISHED_JOBS:
            settings = chores.ChoreSettings(steps=rng.randint(1, 12), pause=0.05, shade=rng.randint(0, 255))
            running.append(engine.submit("chores.do", settings, {}).id)
        for id in list(running):
            job = engine.find_job(id)
            if job.finished:
                running.remove(id)
                sys.stdout.write(json.dumps([id, job.state, job.error]) + "\n")
                sys.stdout.flush()
        time.sleep(0.02)


def _start_engine():
    """Returns an engine for the small tasks of the tests, and the module of these tasks."""
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
        number: of the studio; seeds its jobs.
    """

    def __init__(self, home: Path, number: int):
        self.log_path = home.parent / f"ended-{number}.txt"
        environment = children.build_environment(STUDIO_HOME=str(home))
        with self.log_path.open("wb") as out, (home.parent / "server.log").open("ab") as log:
            command = children.build_command("-m", "benchmarks.kills", "--serve", str(number))
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=log)
        atexit.register(self.process.kill)  # else it would run on after an error of the benchmark

    def read_ended_jobs(self) -> list[tuple[str, str, str]]:
        """Returns the jobs that it logged as ended: id, state and error."""
        complete_lines = self.log_path.read_bytes().rpartition(b"\n")[0]
        return [tuple(json.loads(line)) for line in complete_lines.splitlines()]

    def wait_for_more(self, count: int) -> float:
        """Waits until it has logged more than `count` jobs. Returns the seconds."""
        return _wait_until(lambda: len(self.read_ended_jobs()) > count)

    def list_processes(self) -> list[psutil.Process]:
        """Returns all processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def find_worker(self) -> psutil.Process | None:
        """Returns the process that works on jobs, which has a lower priority; None while there is none."""
        priority = psutil.Process(self.process.pid).nice()
        for process in self.list_processes():
            try:
                if process.nice() > priority and "resource_tracker" not in " ".join(process.cmdline()):
                    return process
            except psutil.Error:
                continue
        return None

    def kill(self) -> int:
        """Kills it. Returns the number of its processes that are left after a while."""
        processes = self.list_processes()
        self.process.kill()
        self.process.wait()
        _, alive = psutil.wait_procs(processes, EXIT_SECONDS)
        return sum(process.status() != psutil.STATUS_ZOMBIE for process in alive)


def _wait_until(condition: Callable[[], object]) -> float:
    """Waits until a condition holds. Returns the seconds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > TIMEOUT_SECONDS:
            raise TimeoutError("no job has ended in time")
        time.sleep(0.02)
    return time.monotonic() - began


def measure_kills(workers: int, servers: int, seed: int) -> dict[str, object]:
    """Kills workers and servers, then checks what is left."""
    rng, ended_jobs, leftover_count, waits = random.Random(seed), [], 0, []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        home.mkdir()
        os.environ["STUDIO_HOME"] = str(home)
        server = Server(home, 0)
        server.wait_for_more(0)
        for number in range(workers):
            time.sleep(rng.uniform(0, 1.0))
            _wait_until(server.find_worker)
            ended_count = len(server.read_ended_jobs())
            if worker := server.find_worker():
                worker.kill()
            waits.append(server.wait_for_more(ended_count))
            if number % 10 == 9:
                note(f"{number + 1} of {workers} workers killed")
        leftover_count += server.kill()
        ended_jobs += server.read_ended_jobs()
        for number in range(servers):
            server = Server(home, number + 1)
            if number % 3:  # every third one before it has done anything
                server.wait_for_more(0)
            time.sleep(rng.uniform(0, 3.0))
            leftover_count += server.kill()
            ended_jobs += server.read_ended_jobs()
            if number % 10 == 9:
                note(f"{number + 1} of {servers} servers killed")
        return {
            "workers killed": workers,
            "servers killed": servers,
            **_check_studio(ended_jobs),
            "processes left over": leftover_count,
            "median wait for the next end after a worker's death, s": sorted(waits)[len(waits) // 2],
        }


def _check_studio(ended_jobs: list[tuple[str, str, str]]) -> dict[str, object]:
    """Checks the jobs from a new studio, and whether it works."""
    from studio.core.imaging import image_io

    engine, chores = _start_engine()
    try:
        job = engine.submit("chores.do", chores.ChoreSettings(), {})
        _wait_until(lambda: engine.find_job(job.id).finished)
        works = engine.find_job(job.id).state == "done"
        states = [
            _read_state(engine, path.name) for path in (Path(os.environ["STUDIO_HOME"]) / "jobs").iterdir()
        ]
        done = [id for id, state, _ in ended_jobs if state == "done"]
        lost = unreadable = 0
        for id in done:
            ended = engine.find_job(id)
            lost += ended.state != "done"
            try:
                image_io.read(ended.result.files[0].read())
            except Exception:
                unreadable += 1
    finally:
        engine.close()
    return {
        "jobs that ended well": len(done),
        "of them lost": lost,
        "of them unreadable": unreadable,
        "jobs that failed": sum(state == "failed" for _, state, _ in ended_jobs),
        "jobs shown as interrupted": states.count("interrupted"),
        "jobs said to run, though nothing runs": states.count("running"),
        "the next job works": works,
    }


def _read_state(engine, id: str) -> str:
    """Returns the state of a job; "" if its studio was killed before the job was accepted."""
    from studio.core.errors import Unavailable

    try:
        return engine.find_job(id).state
    except Unavailable:
        return ""


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints, or runs the studio to kill."""
    parser = make_parser(__doc__, quick="--workers 1 --servers 1")
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--servers", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--serve", type=int, help="be the studio that is killed")
    args = parser.parse_args(argv)
    if args.serve is not None:
        serve(args.serve)
    print_figures(measure_kills(args.workers, args.servers, args.seed), args.json)


if __name__ == "__main__":
    main()
