"""Measure, print tables, write bench_output/benchmarks.json.

python -m benchmarks [lanes] [blocks] [page] [opening]
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

import torch

from benchmarks import blocks, lanes, opening, page

OUTPUT = Path("bench_output") / "benchmarks.json"
# Of the page: on a machine of two slow cores with the browser on it.
GOALS = {
    "times as fast as the loop": "at least 3 at 1 to 4 lanes",
    "times the bare matmuls": "at most 1.5 at 32 lanes",
    "sharpness, in gradients": "at most 12",
    "2-4-2-1, batch 10, 8 lane(s): µs for a lane and step": "at most 15",
    "2-4-2-1, batch 10, 128 lane(s): µs for a lane and step": "at most 3",
    "2-64-64-1, batch 32, 1 lane(s): µs for a lane and step": "at most 100",
    "2-64-64-1, batch 32, 32 lane(s): µs for a lane and step": "at most 25",
    "lesson 6, 3 periods, CPU s": "at most 4",
    "lesson 7, sweep of 80 students, CPU s": "at most 15",
    "megabytes, 1 figure(s)": "at most 1.8",
    "megabytes, 6 figure(s)": "at most 1.8",
    "redraws a second, three traces": "at least 15",
    "share of kernel CPU in the experiment": "at least 0.85",
    "slider to kernel, ms, p50 and p95": "p95 at most 80",
    "slider to redraw, ms, p50 and p95": "p95 at most 250",
    "plain page: moving, s": "at most 1.5",
    "plain page: moving, s, processor slowed fourfold": "at most 4",
    "plain page: before the first curve, kB": "at most 700",
    "live after the first touch, s": "at most 3",
}


def main(wanted: list[str]) -> None:
    """Run the wanted measurements; all of them if none is named."""
    results: dict[str, Any] = {"machine": platform.processor() or platform.machine(), "torch": torch.__version__}
    if not wanted or "lanes" in wanted:
        results["lanes"] = lanes.measure()
        _print_lanes(results["lanes"]["table"])
        _print_goals("Smaller nets and whole lessons, one thread", results["lanes"]["figures"])
    if not wanted or "blocks" in wanted:
        results["blocks"] = blocks.measure()
        _print_goals("Longest callback of a lab on the event loop, ms (at most 50)", results["blocks"])
    if not wanted or "page" in wanted:
        results["page"] = page.measure()
        _print_goals("The page, in Chromium, while three nets train flat out", results["page"])
    if not wanted or "opening" in wanted:
        results["opening"] = opening.measure()
        _print_goals("A lesson after the click, with an empty cache", results["opening"])
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2, ensure_ascii=False), encoding="utf-8")
    print(f"\nWritten to {OUTPUT}")


def _print_lanes(rows: dict[str, dict[str, float]]) -> None:
    print(f"One lane and step, net {lanes.SIZES}, {lanes.IMAGES} images, one thread")
    columns = list(next(iter(rows.values())))
    print("lanes".rjust(6), *(column.rjust(len(column) + 2) for column in columns))
    for count, row in rows.items():
        print(count.rjust(6), *(str(row[column]).rjust(len(column) + 2) for column in columns))
    for column in columns:
        if column in GOALS:
            print(f"{column}: {GOALS[column]}")


def _print_goals(title: str, results: dict[str, Any]) -> None:
    print(f"\n{title}")
    for name, value in results.items():
        print(name.ljust(56), str(value).ljust(14), GOALS.get(name, ""))


if __name__ == "__main__":
    main(sys.argv[1:])
