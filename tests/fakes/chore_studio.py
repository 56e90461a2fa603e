"""The studio as `streamlit run` serves it, with chores as tasks and workers without Keras.

python chore_studio.py PORT
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path

from ports import find_free_port
from waiting import wait_until

from studio.core.process import children

ROOT = Path(__file__).resolve().parents[2]
CHECK_SECONDS = 3.0  # s instead of 10, so that tests see an idle connection end
MEMORY = dict.fromkeys(("job", "live", "drive"), 1e9)  # bytes: house styles and texts fit, without Keras


class Studio:
    """A studio in a separate process.

    Args:
        home: its STUDIO_HOME.
    """

    def __init__(self, home: Path):
        self.home, self._port = home, find_free_port()
        self.address = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Starts it, or restarts it at the same address; its output is in `server.log`."""
        command = children.build_command(__file__, str(self._port))
        path = os.pathsep.join([children.build_search_path(), str(Path(__file__).parent)])
        environment = children.build_environment(STUDIO_HOME=str(self.home), PYTHONPATH=path)
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        wait_until(lambda: self._answers() or self._process.poll() is not None, pause=0.1)
        assert self._process.poll() is None, "it ended"

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def end(self) -> None:
        """Ends it as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)

    def kill(self) -> None:
        """Kills it with SIGKILL."""
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Returns its process id."""
        return self._process.pid

    @property
    def token(self) -> str:
        """Returns the operator's token."""
        return (self.home / "tokens" / "own").read_text()


def serve(port: str) -> None:
    """Runs the server in this process."""
    from chores import TASKS
    from streamlit.web.cli import main

    from studio.api import idle_connections
    from studio.core import tasks
    from studio.engine import engine

    idle_connections.CHECK_SECONDS = CHECK_SECONDS
    tasks.TASKS.update(TASKS)
    engine.Engine = partial(engine.Engine, memory=MEMORY, warm=False)
    options = ["--server.headless=true", f"--server.port={port}"]
    sys.argv[1:] = ["run", str(ROOT / "streamlit_app.py"), *options]
    main()


if __name__ == "__main__":
    serve(sys.argv[1])
