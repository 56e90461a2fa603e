"""Fuzzes all routes of a real server from the API's OpenAPI document.

    python -m benchmarks.api_fuzz [--json] [--minutes 10] [--seed 1]

schemathesis sends valid and invalid requests. No response may be a fault (5xx, except 503 of a starting
studio and 507 of a full disk), have a status or a schema that is not in the document, or show a traceback;
and refused uploads must leave no files.
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
    """Fuzzes a running server.

    Args:
        seconds: duration; or
        examples: number per route in a short run, always the same ones.

    Returns:
        The figures; `report` is that of the fuzzer, with a curl command for each fault.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(SETTINGS)
        code = "from schemathesis.cli import schemathesis; schemathesis()"
        words = ["run", f"{server.address}/api/v1/openapi.json", "--checks", CHECKS, "--seed", str(seed)]
        words += ["--header", f"Authorization: Bearer {server.token}"]
        # Other phases try the document's examples, which are complete jobs, and thousands of corner cases.
        few = ["--max-examples", str(examples), "--phases", "fuzzing"]
        words += few if examples else ["--max-time", str(seconds), "--continue-on-failure"]
        words += ["--generation-database", "none", "--no-color", "--request-timeout", "60"]
        done = subprocess.run(
            children.build_command("-c", code, *words), cwd=folder, capture_output=True, text=True, check=False
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
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        server = Studio(Path(home))
        server.start()
        try:
            figures = run(server, args.seed, seconds=round(60 * args.minutes))
        finally:
            server.kill()
    report = figures.pop("report")
    if not figures["ended well"]:
        sys.stderr.write(report)
    show(figures, args.json)


if __name__ == "__main__":
    main()
