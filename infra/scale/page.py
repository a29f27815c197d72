"""`python -m infra.scale.page [NAME …]`: the tables and the picture of docs/9-scale.md, anew.

What lies between `<!-- scale: NAME -->` and `<!-- /scale -->` is replaced, and written after each
table. It takes some minutes, nearly all of them for what breaks. With names, only those tables.
"""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from infra.scale import agreement, chart, findings, ladder, report
from infra.scale.ceilings import ceilings
from infra.scale.limits import PROVIDERS
from infra.scale.scenario import Deployment, Load
from infra.scale.simulation import Simulation

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
PAGE: Final = DOCS / "9-scale.md"
PICTURE: Final = DOCS / "scale.svg"

NEW: Final = "a new project"
LARGE: Final = "10,000 an hour"
HUGE: Final = "1,000,000 a day"
LOADS: Final[Mapping[str, Load]] = {
    NEW: Load(per_hour=500),
    LARGE: Load(per_hour=10_000),
    HUGE: Load(per_hour=1_000_000 / 24),
}
TOO_MUCH: Final = "1,000 an hour in a new project"

_BLOCK: Final = re.compile(r"(<!-- scale: (\w+) -->\n)(.*?)(<!-- /scale -->)", re.DOTALL)


@cache
def deployments() -> Mapping[str, Deployment]:
    """A new project as it is, and what is fitted to larger loads; pictures and films by Google."""
    deployed = Deployment(provider=PROVIDERS["google"])
    return {
        name: deployed if name == NEW else ladder.fitted(load, deployed)
        for name, load in LOADS.items()
    }


@cache
def runs() -> Mapping[str, Simulation]:
    """An hour of each load on what is deployed for it."""
    return {name: Simulation(load, deployments()[name]).run() for name, load in LOADS.items()}


@cache
def hours() -> Mapping[str, findings.Hour]:
    return {name: findings.seen(run) for name, run in runs().items()}


def _ladder(provider: str) -> str:
    found = list(ladder.ladder(LOADS[HUGE], Deployment(provider=PROVIDERS[provider])))
    return f"{report.rungs(found, provider).markdown()}\n{report.sentence(found)}\n"


def _hour() -> str:
    return report.summary([*hours().items()], "").markdown()


QUICK: Final[Mapping[str, Callable[[], str]]] = {
    "hour": _hour,
    "settings": lambda: report.settings([*deployments().items()]).markdown(),
    "new": lambda: report.queues(hours()[NEW], "").markdown(),
    "million": lambda: report.queues(hours()[HUGE], "").markdown(),
    "documents": lambda: report.documents(hours()[HUGE]).markdown(),
    "ends": lambda: report.ends(ceilings(hours()[HUGE]), LOADS[HUGE]).markdown(),
    "cost": lambda: report.cost([*hours().items()][1:]).markdown(),
    "limits": lambda: report.inputs().markdown(),
}
"""What a test computes, too."""

BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    **QUICK,
    "google": lambda: _ladder("google"),
    "fal": lambda: _ladder("fal"),
    "offline": lambda: _ladder("offline"),
    "regions": lambda: report.regions(ladder.regions()).markdown(),
    "late": lambda: report.late(ladder.late(LOADS[LARGE])).markdown(),
    "slices": lambda: report.agreements(agreement.compared()).markdown(),
}


def shown(text: str) -> dict[str, str]:
    """What a page shows, by name."""
    return {name: inside for _, name, inside, _ in _BLOCK.findall(text)}


def _replaced(name: str, table: str) -> None:
    text = PAGE.read_text()
    PAGE.write_text(
        _BLOCK.sub(
            lambda found: f"{found[1]}{table}{found[4]}" if found[2] == name else found[0], text
        )
    )


def main() -> int:
    chosen = sys.argv[1:] or [*BLOCKS]
    if unknown := {*chosen} - {*BLOCKS}:
        sys.exit(f"no such table: {', '.join(sorted(unknown))}")
    for name in chosen:
        _replaced(name, BLOCKS[name]())
        print(name, flush=True)
    if sys.argv[1:]:
        return 0
    busy = Simulation(replace(LOADS[NEW], per_hour=1_000), deployments()[NEW]).run()
    PICTURE.write_text(chart.draw([(TOO_MUCH, busy), (f"{HUGE}, fitted", runs()[HUGE])]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
