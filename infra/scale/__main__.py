"""`python -m infra.scale`: what 10,000 animations an hour are like, and where that ends."""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from infra.scale import chart, findings, ladder, report
from infra.scale.ceilings import ceilings
from infra.scale.limits import PROVIDERS, SWEPT
from infra.scale.report import Table
from infra.scale.scenario import Deployment, Load
from infra.scale.simulation import Simulation
from shared.model.queues import NEW_PROJECT, Region


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.scale", description=__doc__)
    rates = parser.add_mutually_exclusive_group()
    rates.add_argument("--animations-per-hour", type=float, metavar="N", help="10,000 if not given")
    rates.add_argument("--animations-per-day", type=float, metavar="N")
    parser.add_argument("--workspaces", type=int, default=100, metavar="N")
    parser.add_argument("--provider", choices=PROVIDERS, default="google")
    parser.add_argument("--region-cpus", type=int, default=NEW_PROJECT.vcpus, metavar="N")
    parser.add_argument("--region-memory-gib", type=int, default=NEW_PROJECT.gib, metavar="N")
    parser.add_argument("--film-seconds", type=float, help="until the provider has made a film")
    parser.add_argument("--swept", type=float, default=SWEPT, help="seconds of a sweeper's look")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-ladder", action="store_true", help="do not look for what breaks")
    parser.add_argument("--late", action="store_true", help="two hours of too much as well")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg")
    found = parser.parse_args(given)
    if found.animations_per_day is not None:
        found.animations_per_hour = found.animations_per_day / 24
    elif found.animations_per_hour is None:
        found.animations_per_hour = 10_000.0
    if found.animations_per_hour <= 0:
        parser.error(f"ask for more than 0 animations, not {found.animations_per_hour:g} an hour")
    if found.workspaces < 1:
        parser.error(f"--workspaces must be at least 1; it is {found.workspaces}")
    if found.swept <= 0:
        parser.error(f"--swept must be above 0; it is {found.swept:g}")
    if min(found.region_cpus, found.region_memory_gib) < 1:
        parser.error("--region-cpus and --region-memory-gib must be at least 1")
    return found


def main() -> int:
    asked = arguments(sys.argv[1:])
    provider = PROVIDERS[asked.provider]
    if asked.film_seconds is not None:
        provider = replace(provider, film_seconds=asked.film_seconds)
    load = Load(per_hour=asked.animations_per_hour, workspaces=asked.workspaces, seed=asked.seed)
    deployed = Deployment(provider=provider, swept=asked.swept)
    deployed = deployed.moved(Region(asked.region_cpus, asked.region_memory_gib))
    titles = ("as deployed", "fitted")
    print(report.model(load), flush=True)
    goal = ladder.fitted(load, deployed)
    runs = [Simulation(load, one).run() for one in (deployed, goal)]
    now, then = map(findings.seen, runs)
    hours = list(zip(titles, (now, then), strict=True))

    def show(table: Table) -> None:
        shown(table, markdown=asked.markdown)

    show(report.summary(hours, report.rate(load)))
    show(report.queues(now, "The queues as deployed"))
    show(report.queues(then, "The queues as fitted"))
    show(report.settings(list(zip(titles, (deployed, goal), strict=True))))
    show(report.documents(then))
    show(report.ends(ceilings(then), load))
    show(report.cost(hours[1:]))
    rungs = []
    if not asked.no_ladder:
        for rung in ladder.ladder(load, deployed):
            print(report.rung(rung), flush=True)
            rungs.append(rung)
        show(report.rungs(rungs, provider.name))
        print(report.sentence(rungs), flush=True)
    if asked.late:
        show(report.late(ladder.late(load)))
    if asked.picture:
        asked.picture.write_text(chart.draw(list(zip(titles, runs, strict=True))))
    if asked.json:
        found = {
            "deployed": report.as_json(now),
            "fitted": report.as_json(then),
            "ladder": [asdict(rung) for rung in rungs],
        }
        asked.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def shown(table: Table, *, markdown: bool) -> None:
    """Print a table as soon as it is there."""
    if markdown:
        print(f"### {table.title}\n\n{table.markdown()}", flush=True)
        return
    found = Shown(title=table.title, title_justify="left")
    for place, name in enumerate(table.head):
        found.add_column(name.replace("`", ""), justify="right" if place else "left")
    for row in table.rows:
        found.add_row(*(cell.replace("`", "").replace("**", "") for cell in row))
    Console().print(found)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
