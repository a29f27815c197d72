"""`python -m infra.scale.page`: the tables and the picture of docs/9-scale.md, computed anew.

What lies between `<!-- scale: NAME -->` and `<!-- /scale -->` is replaced. It takes a few minutes,
nearly all of them for what breaks.
"""

import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from infra.scale import chart, findings, report
from infra.scale.limits import PROVIDERS
from infra.scale.report import Table
from infra.scale.simulation import Deployment, Load, Simulation

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
PAGE: Final = DOCS / "9-scale.md"
PICTURE: Final = DOCS / "scale.svg"
LOAD: Final = Load(per_hour=10_000, workspaces=100)
_BLOCK: Final = re.compile(r"(<!-- scale: (\w+) -->\n)(.*?)(<!-- /scale -->)", re.DOTALL)


@cache
def runs() -> tuple[Simulation, Simulation]:
    """The hour, on what is deployed and on what was fitted to it."""
    deployed = Deployment(provider=PROVIDERS["google"])
    fitted = findings.fitted(LOAD, deployed)
    return Simulation(LOAD, deployed).run(), Simulation(LOAD, fitted).run()


@cache
def tables() -> tuple[Table, ...]:
    now, then = runs()
    return tuple(report.main_tables(findings.seen(now), findings.seen(then)))


def _ladder(provider: str) -> str:
    found = list(findings.ladder(LOAD, Deployment(provider=PROVIDERS[provider])))
    return f"{report.rungs(found, provider).markdown()}\n{report.sentence(found)}\n"


QUICK: Final[Mapping[str, Callable[[], str]]] = {
    "hour": lambda: tables()[0].markdown(),
    "deployed": lambda: tables()[1].markdown(),
    "fitted": lambda: tables()[2].markdown(),
    "settings": lambda: tables()[3].markdown(),
    "documents": lambda: tables()[4].markdown(),
    "cost": lambda: tables()[5].markdown(),
    "limits": lambda: report.inputs().markdown(),
}
"""What a test computes, too."""

BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    **QUICK,
    "google": lambda: _ladder("google"),
    "fal": lambda: _ladder("fal"),
    "offline": lambda: _ladder("offline"),
    "late": lambda: report.late(findings.late(LOAD)).markdown(),
}


def shown(text: str) -> dict[str, str]:
    """What a page shows, by name."""
    return {name: inside for _, name, inside, _ in _BLOCK.findall(text)}


def main() -> int:
    text = PAGE.read_text()
    PAGE.write_text(_BLOCK.sub(lambda found: f"{found[1]}{BLOCKS[found[2]]()}{found[4]}", text))
    titles = ("as deployed", "fitted")
    PICTURE.write_text(chart.draw(list(zip(titles, runs(), strict=True))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
