"""Measure, print tables, write bench_output/benchmarks.json.

python -m benchmarks [lanes] [page]
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

import torch

from benchmarks import lanes, page

OUTPUT = Path("bench_output") / "benchmarks.json"
# The goals of the page, on a machine of two slow cores with the browser on it.
GOALS = {
    "megabytes, 1 figure(s)": "at most 1.8",
    "megabytes, 6 figure(s)": "at most 1.8",
    "redraws a second, three traces": "at least 15",
    "share of kernel CPU in the experiment": "at least 0.85",
    "slider to kernel, ms, p50 and p95": "p95 at most 80",
    "slider to redraw, ms, p50 and p95": "p95 at most 250",
}


def main(wanted: list[str]) -> None:
    """Run the wanted measurements; all of them if none is named."""
    results: dict[str, Any] = {"machine": platform.processor() or platform.machine(), "torch": torch.__version__}
    if not wanted or "lanes" in wanted:
        results["lanes"] = lanes.measure()
        _print_lanes(results["lanes"])
    if not wanted or "page" in wanted:
        results["page"] = page.measure()
        _print_page(results["page"])
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2, ensure_ascii=False), encoding="utf-8")
    print(f"\nWritten to {OUTPUT}")


def _print_lanes(rows: dict[str, dict[str, float]]) -> None:
    print(f"One lane and step, net {lanes.SIZES}, {lanes.IMAGES} images, one thread")
    columns = list(next(iter(rows.values())))
    print("lanes".rjust(6), *(column.rjust(len(column) + 2) for column in columns))
    for count, row in rows.items():
        print(count.rjust(6), *(str(row[column]).rjust(len(column) + 2) for column in columns))


def _print_page(results: dict[str, Any]) -> None:
    print("\nThe page, in Chromium, while three nets train flat out")
    for name, value in results.items():
        print(name.ljust(42), str(value).ljust(14), GOALS.get(name, ""))


if __name__ == "__main__":
    main(sys.argv[1:])
