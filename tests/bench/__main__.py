"""`make bench`: every number that we state, measured here and now.

python -m tests.bench [NAME …], or all of them; the names are those of BENCHES below.
"""

import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

DOCUMENTS = 100_000
RESULTS = Path("bench-results")


class Figure(NamedTuple):
    """A measured number beside the one that we aim at."""

    name: str
    value: float
    unit: str
    aim: str
    met: bool


def _demo() -> list[Figure]:
    from tests.bench import demo

    found = demo.measure()
    return [
        Figure("demo", found["seconds"], "s", "< 40", found["seconds"] < 40),
        Figure("demo, peak memory", found["peak_mb"], "MB", "< 1500", found["peak_mb"] < 1500),
    ]


def _chain() -> list[Figure]:
    from tests.bench import chain

    found = chain.measure(DOCUMENTS)
    return [
        Figure("no-op step", found["empty_ms"], "ms", "< 10", found["empty_ms"] < 10),
        Figure(f"the same with {DOCUMENTS:,} documents", found["full_ms"], "ms", "", True),
        Figure("ratio of the two", found["ratio"], "×", "≤ 1.2", found["ratio"] <= 1.2),
    ]


def _items() -> list[Figure]:
    from tests.bench import items, stack

    found = items.measure(*stack.start())
    return [
        Figure("bare handler", found["bare_rps"], "requests/s", "", True),
        Figure("GET /v1/items/:id", found["items_rps"], "requests/s", "", True),
        Figure("ratio of the two", found["ratio"], "×", "≥ 0.6", found["ratio"] >= 0.6),
    ]


def _drift() -> list[Figure]:
    from tests.bench import drift

    found = drift.measure()
    figures = [
        Figure("drift detected", found["detected"], "share", "≥ 0.95", found["detected"] >= 0.95),
        Figure(
            "false alarms", found["false_alarms"], "share", "≤ 0.03", found["false_alarms"] <= 0.03
        ),
        Figure("measuring a picture", found["ms"], "ms", "< 150", found["ms"] < 150),
    ]
    for name, value in found.items():
        if name.startswith("detected_"):
            kind = name.removeprefix("detected_")
            figures.append(Figure(f"detected: {kind}", value, "share", "≥ 0.85", value >= 0.85))
        elif name.startswith("unlike_") or name == "cases":
            figures.append(Figure(name.replace("_", " "), value, "", "", True))
    return figures


def _retries() -> list[Figure]:
    from tests.bench import retries

    found = retries.measure()
    drifted, images = found["accepted_drift"], found["images"]
    return [
        Figure("poses by an artist who drifts", found["poses"], "", "", True),
        Figure("drift among the accepted", drifted, "share", "≤ 0.02", drifted <= 0.02),
        Figure("pictures per pose", images, "", "≤ 1.6", images <= 1.6),
        Figure("kept for review", found["needs_review"], "share", "", True),
    ]


def _open_loop() -> list[Figure]:
    from tests.bench import open_loop

    found = open_loop.measure()
    name = f"{open_loop.RATE} requests a second"
    return [
        Figure(f"{name}: faults", found["faults"], "", "0", found["faults"] == 0),
        Figure(f"{name}: p99", found["p99_ms"], "ms", "< 250", found["p99_ms"] < 250),
    ]


def _keyer() -> list[Figure]:
    from tests.bench import keyer

    outcomes = keyer.measure()
    keyer.show(outcomes)
    found = {**keyer.summarise(outcomes), "ms1024": keyer.large(), **keyer.delivered()}

    def most(name: str, key: str, unit: str, bound: float) -> Figure:
        return Figure(f"keyer: {name}", found[key], unit, f"≤ {bound:g}", found[key] <= bound)

    beaten = found["beaten"]
    return [
        most("error of alpha, mean of the clips", "alpha", "/255", 0.30),
        most("error of alpha, worst clip", "worst", "/255", 0.60),
        most("edge band, ours to the best rival's", "band_ratio", "×", 0.6),
        most("holes over 4 pixels", "holes", "", 0),
        Figure("keyer: leaks over 4 pixels", found["leaks"], "", "", True),
        most("edge colour, ours to the best rival's", "colour_ratio", "×", 0.5),
        most("flicker, ours to the best rival's", "flicker_ratio", "×", 0.5),
        Figure("keyer: clips on which it beats all", beaten, "share", "≥ 0.9", beaten >= 0.9),
        most("worst clip, ours to the best rival's", "lag", "×", 1.1),
        most("a frame of 512²", "ms", "ms", 12),
        most("a frame of 1024²", "ms1024", "ms", 45),
        most("error of alpha in the WebM", "webm", "/255", 0.6),
        most("error of alpha in the HEVC", "hevc", "/255", 0.6),
    ]


def _films() -> list[Figure]:
    from tests.bench import films

    found = films.measure()
    ratio, limit = found["ratio"], films.LIMIT
    return [
        Figure("films: the usual formats in four sizes", found["ours_s"], "s", "", True),
        Figure("films: their encoders alone", found["alone_s"], "s", "", True),
        Figure("films: ratio of the two", ratio, "×", "≤ 1.15", ratio <= 1.15),
        Figure("films: verification", found["verify_s"], "s", "", True),
        *(
            Figure(f"films: {name} of 512², 4 s", found[key], "bytes", f"< {limit:,}", met)
            for name in ("webm", "hevc")
            for key in [f"bytes_{name}"]
            for met in [found[key] < limit]
        ),
        *(
            Figure(f"films: error of alpha in the {name}", error, "/255", "≤ 0.6", error <= 0.6)
            for name in ("webm", "hevc")
            for error in [found[f"error_{name}"]]
        ),
        *(
            Figure(f"films: {name}, {what}", found[f"{kind}_{name}"], unit, "", True)
            for name in ("avif", "animated_webp", "apng", "gif", "sprite_sheet")
            for kind, what, unit in (
                ("seconds", "four sizes, verified", "s"),
                ("bytes", "512², 4 s", "bytes"),
                ("error", "error of alpha", "/255"),
            )
        ),
        *(
            Figure(f"films: peak memory, {seconds} s", mb, "MB", "< 1200", mb < 1200)
            for seconds in (films.SECONDS, films.LONG_SECONDS)
            for mb in [found[f"mb_{seconds}"]]
        ),
    ]


def _stills() -> list[Figure]:
    from tests.bench import stills

    found = stills.measure()
    figures = []
    for kind in ("flat 1024", "flat 256", "painted 1024", "painted 256"):
        for file in ("png", "webp"):
            share = found[f"{kind} {file} bytes"] / found[f"{kind} plain bytes"]
            figures += [
                Figure(f"stills: {kind}², {file} to a plain PNG", share, "×", "≤ 1", share <= 1),
                Figure(
                    f"stills: {kind}², {file}", found[f"{kind} {file} bytes"], "bytes", "", True
                ),
                Figure(f"stills: {kind}², {file}", found[f"{kind} {file} ms"], "ms", "", True),
            ]
    for name, bound in (("across, mean", 0.01), ("across, worst", 0.03), ("size, mean", 0.03)):
        value = found[name]
        figures.append(
            Figure(
                f"poses of unknown frame: {name}", value, "share", f"≤ {bound:g}", value <= bound
            )
        )
    worst, fit = found["size, worst"], found["smallest fit"]
    figures.append(Figure("poses of unknown frame: size, worst", worst, "share", "", True))
    figures.append(Figure("poses of unknown frame: smallest fit", fit, "×", "≥ 1", fit >= 1))
    return figures


def _cold_start() -> list[Figure]:
    from tests.bench import cold_start

    found = cold_start.measure()
    return [
        Figure("loading what api is built on", found["bare_s"], "s", "", True),
        Figure("first answer of a new api", found["ours_s"], "s", "", True),
        Figure("ratio of the two", found["ratio"], "×", "≤ 1.15", found["ratio"] <= 1.15),
    ]


def _emulators() -> list[Figure]:
    from tests.bench import chain_emulators

    found = chain_emulators.measure()
    return [
        Figure("bare step on emulators", found["bare_ms"], "ms", "", True),
        Figure("no-op step on emulators", found["ours_ms"], "ms", "", True),
        Figure("ratio of the two", found["ratio"], "×", "≤ 1.5", found["ratio"] <= 1.5),
    ]


def _operations() -> list[Figure]:
    from tests.bench import operations

    figures = []
    for which, found in operations.measure().items():
        name = f"{which} animation of {found['assets']} files"
        reads, writes, rate = found["reads"], found["writes"], found["most_per_second"]
        figures += [
            Figure(f"{name}: documents read", reads, "", "≤ 60", reads <= 60),
            Figure(f"{name}: documents written", writes, "", "≤ 90", writes <= 90),
            Figure(f"{name}: writes of the busiest", rate, "a second", "≤ 1", rate <= 1),
        ]
    return figures


def _scale() -> list[Figure]:
    from tests.bench import scale

    found = scale.measure()
    name = f"simulated, {found['per_hour']:,.0f} animations an hour"
    finished, age = found["finished"], found["p99"]
    return [
        Figure(f"{name}: share finished", finished, "", "≥ 0.97", finished >= 0.97),
        Figure(f"{name}: age in the latest queue, p99", age, "s", "< 300", age < 300),
        Figure(f"{name}: time for the hour", found["seconds"], "s", "< 10", found["seconds"] < 10),
        Figure("as deployed, Google's models: breaks above", found["google"], "an hour", "", True),
        Figure("as deployed, offline artist: breaks above", found["offline"], "an hour", "", True),
    ]


BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "demo": _demo,
    "items": _items,
    "chain": _chain,
    "cold-start": _cold_start,
    "emulators": _emulators,
    "operations": _operations,
    "drift": _drift,
    "retries": _retries,
    "load": _open_loop,
    "keyer": _keyer,
    "films": _films,
    "stills": _stills,
    "scale": _scale,
}


def main() -> int:
    chosen = sys.argv[1:] or list(BENCHES)
    if unknown := set(chosen) - set(BENCHES):
        print(f"There is no bench {sorted(unknown)}; there are: {', '.join(BENCHES)}.")
        return 2
    figures: list[Figure] = []
    for name in BENCHES:
        if name in chosen:
            figures += BENCHES[name]()
    table = Table("what", "measured", "unit", "aim", "")
    for figure in figures:
        mark = "" if not figure.aim else "met" if figure.met else "MISSED"
        table.add_row(figure.name, f"{figure.value:,.2f}", figure.unit, figure.aim, mark)
    Console().print(table)
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    result = {
        "at": now.isoformat(),
        "machine": {"cores": os.cpu_count(), "system": platform.platform()},
        "figures": [figure._asdict() for figure in figures],
    }
    path = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(f"Written to {path}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
