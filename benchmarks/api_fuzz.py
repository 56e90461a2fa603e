"""A fuzzer driven by the API's own document, over all routes of a real server.

    python -m benchmarks.api_fuzz [--json] [--minutes 10] [--seed 1]

schemathesis sends what the document allows and what it does not. No answer may be a fault (5xx, but for 503
of a studio that starts and 507 of a full disk), of a status or a shape that the document does not name, or
show a traceback; and nothing may be left of what was refused.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import ROOT, arguments, show
from studio.core.process import children

sys.path.append(str(ROOT / "tests" / "fakes"))

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SETTINGS = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503, 507]
"""


def run(server: Any, seed: int, seconds: int = 0, examples: int = 0) -> dict[str, Any]:
    """Fuzzes a server that runs.

    Args:
        seconds: that it continues for; or
        examples: of each route, in a short run, always the same ones.

    Returns:
        What was found; `report` is the fuzzer's own, with a line of curl for each fault.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(SETTINGS)
        code = "from schemathesis.cli import schemathesis; schemathesis()"
        words = ["run", f"{server.address}/api/v1/openapi.json", "--checks", CHECKS, "--seed", str(seed)]
        words += ["--header", f"Authorization: Bearer {server.token}"]
        # Other phases try the document's examples, which are whole pieces of work, and thousands of corners.
        few = ["--max-examples", str(examples), "--phases", "fuzzing"]
        words += few if examples else ["--max-time", str(seconds), "--continue-on-failure"]
        words += ["--generation-database", "none", "--no-color", "--request-timeout", "60"]
        done = subprocess.run(
            children.command("-c", code, *words), cwd=folder, capture_output=True, text=True, check=False
        )
    log = (server.home / "server.log").read_text(errors="replace")
    counted, routes = re.search(r"(\d+) generated", done.stdout), re.search(r"Tested: (\d+)", done.stdout)
    left = server.home / "cache" / "received"
    return {
        "requests": int(counted[1]) if counted else 0,
        "routes": int(routes[1]) if routes else 0,
        "faults found": len(re.findall(r"^\s*Reproduce with:", done.stdout, re.MULTILINE)),
        "tracebacks in the server's log": log.count("Traceback"),
        "files left": len(list(left.iterdir())) if left.exists() else 0,
        "ended well": done.returncode == 0,
        "report": done.stdout + done.stderr,
    }


def main() -> None:
    """Starts a server and fuzzes it."""
    from chore_studio import Studio

    parser = arguments(__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        server = Studio(Path(home))
        server.start()
        try:
            found = run(server, asked.seed, seconds=round(60 * asked.minutes))
        finally:
            server.kill()
    report = found.pop("report")
    if not found["ended well"]:
        sys.stderr.write(report)
    show(found, asked.json)


if __name__ == "__main__":
    main()
