"""Let a room of students open a lesson at once and train; print what they saw, write bench_output/room.json.

    python -m benchmarks.room --students 30 --pages 2 --seconds 30 --lesson all

Ends with status 1 if anything was lost or frozen. Load goes to this machine only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.room.room import LESSON, MOST_PAGES, MOST_READERS, MOST_SECONDS, MOST_STUDENTS, run_room

OUTPUT = Path("bench_output") / "room.json"


def main(arguments: list[str]) -> int:
    """Run a room; return the exit status."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    try:
        report = run_room(**vars(asked))
    except (ValueError, LookupError) as error:
        parser.error(str(error))
    numbers = {"asked": vars(asked), **report.as_dict()}
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(numbers, indent=2, ensure_ascii=False), encoding="utf-8")
    for name, value in _lines(numbers):
        print(name.ljust(46), value)
    for reason in numbers["reasons"]:
        print("LOST OR FROZEN:", reason)
    print(f"\nWritten to {OUTPUT}")
    return 1 if numbers["reasons"] else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.room", description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=10, help=f"headless ones, at most {MOST_STUDENTS}")
    parser.add_argument("--pages", type=int, default=2, help=f"pages in Chromium among them, at most {MOST_PAGES}")
    parser.add_argument("--readers", type=int, default=0, help=f"who only read plain pages, at most {MOST_READERS}")
    parser.add_argument("--plain", default="pages", help="folder of plain pages for them (make pages)")
    parser.add_argument("--within", type=float, help="seconds in which all readers come (0.7 of --seconds)")
    parser.add_argument("--seconds", type=float, default=30, help=f"of training together, at most {MOST_SECONDS}")
    parser.add_argument("--lesson", default=LESSON, help="file name of a lesson, or all")
    parser.add_argument("--address", help="of a server on this machine that runs, as http://127.0.0.1:8866")
    parser.add_argument("--seed", type=int, default=0, help="of what the students wish for")
    return parser


def _lines(numbers: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Each number as (name, text); tables of numbers in one line."""
    for name, value in numbers.items():
        if name in ("each", "reasons"):
            continue
        if isinstance(value, dict) and any(isinstance(part, dict) for part in value.values()):
            yield from _lines(value, f"{above}{name}: ")
        elif isinstance(value, dict):
            yield f"{above}{name}", "  ".join(f"{key} {part}" for key, part in value.items())
        else:
            yield f"{above}{name}", str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
