"""`python -m infra.scale`: what 10,000 animations an hour are like, and where that ends."""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from infra.scale import chart, findings, report
from infra.scale.limits import PROVIDERS, SWEPT
from infra.scale.report import Table
from infra.scale.simulation import Deployment, Load, Simulation


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.scale", description=__doc__)
    parser.add_argument("--animations-per-hour", type=float, default=10_000, metavar="N")
    parser.add_argument("--workspaces", type=int, default=100, metavar="N")
    parser.add_argument("--provider", choices=PROVIDERS, default="google")
    parser.add_argument("--film-seconds", type=float, help="until the provider has made a film")
    parser.add_argument("--swept", type=float, default=SWEPT, help="seconds of a sweeper's look")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-ladder", action="store_true", help="do not look for what breaks")
    parser.add_argument("--late", action="store_true", help="two hours of too much as well")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg")
    found = parser.parse_args(given)
    if found.animations_per_hour <= 0:
        parser.error(f"--animations-per-hour must be above 0; it is {found.animations_per_hour:g}")
    if found.workspaces < 1:
        parser.error(f"--workspaces must be at least 1; it is {found.workspaces}")
    if found.swept <= 0:
        parser.error(f"--swept must be above 0; it is {found.swept:g}")
    return found


def main() -> int:
    asked = arguments(sys.argv[1:])
    provider = PROVIDERS[asked.provider]
    if asked.film_seconds is not None:
        provider = replace(provider, film_seconds=asked.film_seconds)
    load = Load(per_hour=asked.animations_per_hour, workspaces=asked.workspaces, seed=asked.seed)
    deployed = Deployment(provider=provider, swept=asked.swept)
    fitted = findings.fitted(load, deployed)
    runs = [Simulation(load, one).run() for one in (deployed, fitted)]
    now, then = map(findings.seen, runs)
    tables = report.main_tables(now, then)
    ladder = [] if asked.no_ladder else list(findings.ladder(load, deployed))
    if ladder:
        tables.append(report.rungs(ladder, provider.name))
    if asked.late:
        tables.append(report.late(findings.late(load)))
    for table in tables:
        show(table, markdown=asked.markdown)
    if ladder:
        print(report.sentence(ladder))
    if asked.picture:
        titles = ("as deployed", "fitted")
        asked.picture.write_text(chart.draw(list(zip(titles, runs, strict=True))))
    if asked.json:
        found = {
            "deployed": report.as_json(now),
            "fitted": report.as_json(then),
            "ladder": [asdict(rung) for rung in ladder],
        }
        asked.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def show(table: Table, *, markdown: bool) -> None:
    if markdown:
        print(f"### {table.title}\n\n{table.markdown()}")
        return
    shown = Shown(title=table.title, title_justify="left")
    for place, name in enumerate(table.head):
        shown.add_column(name.replace("`", ""), justify="right" if place else "left")
    for row in table.rows:
        shown.add_row(*(cell.replace("`", "").replace("**", "") for cell in row))
    Console().print(shown)


if __name__ == "__main__":
    sys.exit(main())
