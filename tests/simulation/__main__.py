"""`make simulate SEEDS=1000000` tries many seeds on all cores; `make simulate SEED=1234` tells what
happens in one."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice

from tests.simulation.credits import spend
from tests.simulation.runs import Report, chunks, run
from tests.simulation.world import simulate

CHUNK = 100
SHOWN = 10
EVERY = 5.0
"""Seconds between two words on how far it is."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="make simulate")
    parser.add_argument("--seed", type=int, help="replay this one, and tell what happens")
    parser.add_argument("--seeds", type=int, default=10_000, help="how many to try")
    parser.add_argument("--begin", type=int, default=0, help="the first of them")
    chosen = parser.parse_args()
    if chosen.seed is not None:
        return _replay(chosen.seed)
    return _try_many(range(chosen.begin, chosen.begin + chosen.seeds))


def _replay(seed: int) -> int:
    number = 0

    def tell(text: str) -> None:
        nonlocal number
        number += 1
        print(f"{number:5}  {text}")

    try:
        spend(seed, tell)
        simulate(seed, tell)
    except AssertionError as error:
        print(f"\nseed {seed} is broken:\n{error}")
        return 1
    print(f"\nseed {seed} holds")
    return 0


def _try_many(seeds: range) -> int:
    began = told = time.monotonic()
    total = Report()
    waiting: Iterator[range] = chunks(seeds, CHUNK)
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:
        futures = {pool.submit(run, chunk) for chunk in islice(waiting, 2 * cores)}
        while futures:
            done = next(as_completed(futures))
            futures.remove(done)
            futures |= {pool.submit(run, chunk) for chunk in islice(waiting, 1)}
            report = done.result()
            for seed, text in report.broken.items():
                print(f"seed {seed} is broken (make simulate SEED={seed}):\n{text}\n", flush=True)
            total += report
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                print(
                    f"{total.seeds:,} of {len(seeds):,} seeds, "
                    f"{total.seeds / (told - began):.0f} a second, {len(total.broken)} broken",
                    flush=True,
                )
    _summarise(total, time.monotonic() - began)
    return 1 if total.broken else 0


def _summarise(total: Report, seconds: float) -> None:
    print(f"\n{total.seeds:,} seeds in {seconds:.0f} s, {total.seeds / seconds:.0f} a second")
    print("\nwhat happened:")
    _table({name: f"{times:,}" for name, times in sorted(total.met.items())})
    print("\ntransitions (from, event, to):")
    moved = Counter({" · ".join(one): times for one, times in total.transitions.items()})
    _table({name: f"{times:,}" for name, times in sorted(moved.items())})
    if total.broken:
        shown = sorted(total.broken)[:SHOWN]
        print(
            f"\n{len(total.broken):,} seeds are broken; replay one: make simulate SEED={shown[0]}"
        )


def _table(rows: dict[str, str]) -> None:
    for name, value in rows.items():
        print(f"  {value:>12}  {name}")


if __name__ == "__main__":
    sys.exit(main())
