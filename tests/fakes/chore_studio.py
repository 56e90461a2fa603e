"""The studio as `streamlit run` serves it, with chores among its tasks and workers that load no Keras.

python chore_studio.py PORT
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from chores import TASKS
from streamlit.web.cli import main

from studio.core import tasks
from studio.engine import engine

ROOT = Path(__file__).resolve().parents[2]
MEMORY = dict.fromkeys(("job", "live", "drive"), 1e9)  # bytes: house styles and texts fit, without Keras

if __name__ == "__main__":
    tasks.TASKS.update(TASKS)
    engine.Engine = partial(engine.Engine, memory=MEMORY, warm=False)
    options = ["--server.headless=true", f"--server.port={sys.argv[1]}"]
    sys.argv[1:] = ["run", str(ROOT / "streamlit_app.py"), *options]
    main()
