"""What was found, as tables and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Final

from infra import costs
from infra.scale import limits
from infra.scale.agreement import Pair
from infra.scale.ceilings import Ceiling
from infra.scale.findings import Cause, Hour, cause
from infra.scale.ladder import Rung
from infra.scale.limits import LIMITS
from infra.scale.scenario import Deployment, Load

MONTH: Final = 730
"""Hours."""
PROVIDERS_ROWS: Final = ("pictures", "films")


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, and rows of texts; the first column is a name."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        rule = ("---", *("---:" for _ in self.head[1:]))
        lines = [self.head, rule, *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def seconds(value: float) -> str:
    """A time as people say it."""
    return f"{value:,.1f} s" if value < 60 else f"{value / 60:,.1f} min"


Titled = Sequence[tuple[str, Hour]]
"""Hours side by side, each with the head of its column."""


# --- the hour -------------------------------------------------------------------------------------


def rate(load: Load) -> str:
    """What is asked for, in words."""
    return f"{load.per_hour:,.0f} animations in an hour, of {load.workspaces} workspaces"


def model(load: Load) -> str:
    """How a load is simulated, in a sentence."""
    if load.slices == 1:
        return "Every animation is simulated."
    return (
        f"Above {load.most:,.0f} animations an hour a slice is simulated: here one of "
        f"{load.slices:.2f}, on its share of everything that has a limit."
    )


def summary(hours: Titled, title: str) -> Table:
    """Loads on what is deployed for them."""
    found = [hour for _, hour in hours]
    rows = [
        ("asked for in an hour", *(f"{one.load.per_hour:,.0f}" for one in found)),
        ("animations finished in an hour", *(f"{one.completed:,.0f}" for one in found)),
        ("half of them take at most", *(seconds(one.median) for one in found)),
        ("deliveries sent again by the sweeper", *(f"{one.sent_again:,}" for one in found)),
        ("longest sweep", *(seconds(one.longest_sweep) for one in found)),
        ("instances of the steps' functions", *(f"{one.instances:,}" for one in found)),
        (
            "their vCPUs, of the region's",
            *(f"{one.vcpus:,.0f} of {one.deployment.region.vcpus:,}" for one in found),
        ),
        (
            "their GiB, of the region's",
            *(f"{one.memory:,.0f} of {one.deployment.region.gib:,}" for one in found),
        ),
        ("what gives way", *(why.text if (why := cause(one)) else "nothing" for one in found)),
    ]
    return Table(title, ("", *(name for name, _ in hours)), tuple(rows))


def queues(found: Hour, title: str) -> Table:
    """How late each queue was, and how much of it was used."""
    rows = []
    for row in found.rows:
        asked = row.name in PROVIDERS_ROWS
        rows.append(
            (
                f"{row.name} at {found.deployment.provider.name}" if asked else f"`{row.name}`",
                f"{row.begun:,}",
                "" if asked else f"{row.in_vain:,}",
                seconds(row.p50),
                seconds(row.p99),
                seconds(row.longest),
                "" if asked else f"{row.room:.0%}",
                "" if asked else f"{row.rate:.0%}",
                "" if asked else f"{row.instances}",
            )
        )
    head = (
        *("queue", "begun", "in vain", "age p50", "p99", "most"),
        *("of `max_concurrent`", "of `max_per_second`", "instances"),
    )
    return Table(title, head, tuple(rows))


def documents(found: Hour) -> Table:
    """Writes a second, when one workspace makes everything, and when many do."""
    per_hour = found.load.per_hour
    rows = [
        (
            one.name,
            f"{one.limit * per_hour / one.breaks:.2f}",
            f"{one.mean:.2f}",
            f"{one.most:.2f}",
            f"{one.limit:g}",
            f"{one.breaks:,.0f}",
        )
        for one in found.writes
    ]
    head = (
        *("writes a second of", "one workspace alone", f"the busiest of {found.load.workspaces}"),
        *("in its worst 5 minutes", "limit", "one workspace reaches it at"),
    )
    return Table("Documents that jobs share", head, tuple(rows))


def ends(found: Sequence[Ceiling], load: Load) -> Table:
    """Where one workspace, one queue and one project end, and how many of them a load takes."""
    rows = [
        (
            one.name,
            f"{one.per_animation:,.2f}",
            f"{one.per_second:,.2f}".removesuffix(".00"),
            f"{one.per_hour:,.0f}",
            "" if one.passes else f"{ceil(load.per_hour / one.per_hour):,}",
            one.divided,
        )
        for one in found
    ]
    head = (
        *("limit of", "an animation takes", "there is a second", "reached at, an hour"),
        *(f"so many for {load.per_hour:,.0f} an hour", "divided by"),
    )
    return Table("Where one workspace and one project end", head, tuple(rows))


def cost(hours: Titled) -> Table:
    """What a month of such hours costs, by `infra/costs.py`, and one animation of the last."""
    found = [hour for _, hour in hours]
    months = [one.load.per_hour * MONTH for one in found]
    rows = {row.name: row.dollars for row in costs.rows([round(month) for month in months])}
    shown = [*costs.GROUPS, "**all of it**"]
    if films := found[-1].deployment.provider.films:
        shown.append(films)
    head = ("", *(f"dollars a month: {name}" for name, _ in hours), "cents an animation")
    return Table(
        "What a month costs",
        head,
        tuple(
            (
                name,
                *(f"{dollars:,.0f}" for dollars in rows[name]),
                f"{100 * rows[name][-1] / months[-1]:,.3f}",
            )
            for name in shown
        ),
    )


def rungs(found: Iterable[Rung], provider: str) -> Table:
    """What breaks first, and what moves it."""
    return Table(
        f"What gives way, with {provider}",
        ("animations an hour", "because", "what moves it"),
        tuple((f"{rung.per_hour:,}", rung.cause.text, rung.change) for rung in found),
    )


def rung(found: Rung) -> str:
    """One of them, in a line."""
    moved = f"; then: {found.change}" if found.change else ""
    return f"{found.per_hour:,} an hour, since {found.cause.text}{moved}"


def sentence(found: Sequence[Rung]) -> str:
    """What breaks first, in one sentence."""
    first, *others = found
    moved = f"; {first.change} moves it to {others[0].per_hour:,}" if others else ""
    return f"Breaks first at {first.per_hour:,} an hour: {first.cause.text}{moved}."


def settings(deployments: Sequence[tuple[str, Deployment]]) -> Table:
    """What is set, and what Google and the provider are asked for it, by the quotas' own names."""
    found = [one for _, one in deployments]
    names = [name for name in found[0].queues if name in costs.STEPS]
    rows = [
        ("`region_cpus`", *(f"{one.region.vcpus:,}" for one in found)),
        ("`region_memory_gib`", *(f"{one.region.gib:,}" for one in found)),
        *(
            (
                f"`{name}`: instances, and deliveries at once",
                *(f"{one.queues[name].max_concurrent:,}" for one in found),
            )
            for name in names
        ),
    ]
    if any(one.queues[name] != found[0].queues[name] for one in found for name in names):
        rates = [[one.queues[name].max_per_second for one in found] for name in names]
        rows += [
            (f"`{name}`: `max_per_second`", *(f"{one:,}" for one in row))
            for name, row in zip(names, rates, strict=True)
            if len({*row}) > 1
        ]
    rows += [
        (
            f"quota {limits.CPU_QUOTA} of Cloud Run, in thousandths of a vCPU",
            *(f"{1_000 * one.region.vcpus:,}" for one in found),
        ),
        (
            f"quota {limits.MEMORY_QUOTA} of Cloud Run, in bytes",
            *(f"{one.region.gib * 2**30:,}" for one in found),
        ),
    ]
    quota = found[0].provider.quota
    for name, said in (("films_per_minute", "films a minute"), ("films_at_once", "films at once")):
        if getattr(found[0].provider, name):
            values = (f"{getattr(one.provider, name):,g}" for one in found)
            rows.append((f"{quota or found[0].provider.name}: {said}", *values))
    return Table(
        "What is set, and asked for", ("", *(name for name, _ in deployments)), tuple(rows)
    )


def inputs() -> Table:
    """The limits of others, and what is assumed."""
    rows = [
        (limit.unit, f"{limit.value:,.0f}", limit.source, limit.read) for limit in LIMITS.values()
    ]
    for provider in limits.PROVIDERS.values():
        per_minute, at_once = provider.films_per_minute, provider.films_at_once
        said = (
            f"{per_minute:g} a minute" if per_minute else f"{at_once} at once" if at_once else "–"
        )
        rows.append((f"films by `{provider.name}`", said, provider.source, provider.read))
    return Table("Limits", ("limit", "value", "source", "read"), tuple(rows))


def late(found: Titled) -> Table:
    """What becomes of a queue that has too much to do, by different rules and settings."""
    rows = [
        (
            name,
            f"{one.completed:,.0f}",
            f"{one.sent_again / one.asked:,.1f}",
            seconds(max(row.p99 for row in one.rows)),
        )
        for name, one in found
    ]
    load = found[0][1].load
    title = f"Two hours of {load.per_hour:,.0f}, with the offline artist"
    head = ("", "finished an hour, in the second", "sent again for each animation", "age p99")
    return Table(title, head, tuple(rows))


def regions(found: Iterable[tuple[Deployment, Sequence[tuple[int, Cause]]]]) -> Table:
    """What is borne in regions of different sizes."""
    rows = [
        (
            f"{deployed.region.vcpus:,}",
            f"{deployed.region.gib:,}",
            *(
                f"{deployed.queues[name].max_concurrent:,}"
                for name in ("image", "video", "transcode")
            ),
            *(f"{per_hour:,}: `{why.name}`" for per_hour, why in borne),
        )
        for deployed, borne in found
    ]
    head = (
        *("`region_cpus`", "`region_memory_gib`", "`image`", "`video`", "`transcode`"),
        *("Google's models: an hour, and what gives way", "the offline artist"),
    )
    return Table("What a region bears", head, tuple(rows))


def agreements(found: Iterable[Pair]) -> Table:
    """A slice beside the whole."""
    rows = []
    for one in found:
        load = one.load
        for name, hour, borne in (
            ("all", one.whole, one.whole_breaks),
            (f"one of {load.slices:g} slices", one.slice, one.slice_breaks),
        ):
            ages = {row.name: row.p99 for row in hour.rows}
            rows.append(
                (
                    f"{load.per_hour:,.0f} an hour: {name}",
                    f"{hour.completed / hour.asked:.1%}",
                    seconds(hour.median),
                    *(seconds(ages[step]) for step in ("image", "video", "transcode")),
                    f"{borne[0]:,}: `{borne[1].name}`",
                )
            )
    head = (
        *("", "finished of those who came", "half take at most"),
        *("age p99 of `image`", "`video`", "`transcode`", "borne, and what gives way"),
    )
    return Table("A slice and the whole", head, tuple(rows))


# --- JSON -----------------------------------------------------------------------------------------


def as_json(one: Hour) -> dict[str, Any]:
    """An hour as JSON."""
    why = cause(one)
    return {
        "per_hour": one.load.per_hour,
        "workspaces": one.load.workspaces,
        "slices": round(one.load.slices, 3),
        "region_cpus": one.deployment.region.vcpus,
        "region_memory_gib": one.deployment.region.gib,
        "seed": one.load.seed,
        "provider": one.deployment.provider.name,
        "asked": one.asked,
        "completed_per_hour": round(one.completed, 1),
        "median_seconds": round(one.median, 1),
        "sent_again": one.sent_again,
        "longest_sweep_seconds": round(one.longest_sweep, 1),
        "instances": one.instances,
        "vcpus": one.vcpus,
        "memory_gib": one.memory,
        "queues": [asdict(row) for row in one.rows],
        "documents": [{**asdict(each), "breaks": round(each.breaks)} for each in one.writes],
        "gives_way": asdict(why) if why else None,
    }
