"""What was found, as tables and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from infra import costs
from infra.scale import limits
from infra.scale.findings import Hour, Rung, cause
from infra.scale.limits import LIMITS
from infra.scale.simulation import Deployment
from shared.model.queues import QUEUES

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


# --- the hour -------------------------------------------------------------------------------------


def summary(now: Hour, then: Hour) -> Table:
    """The same load on what is deployed, and on what was fitted to it."""
    both = (now, then)
    rows = [
        ("animations finished in an hour", *(f"{one.completed:,.0f}" for one in both)),
        ("half of them take at most", *(seconds(one.median) for one in both)),
        ("deliveries sent again by the sweeper", *(f"{one.sent_again:,}" for one in both)),
        ("longest sweep", *(seconds(one.longest_sweep) for one in both)),
        ("instances of the steps' functions", *(f"{one.instances:,}" for one in both)),
        (
            f"their vCPUs, of {LIMITS['vcpus'].value:,.0f}",
            *(f"{one.vcpus:,.0f}" for one in both),
        ),
        ("what gives way", *(why.text if (why := cause(one)) else "nothing" for one in both)),
    ]
    return Table(
        f"{now.load.per_hour:,.0f} animations in an hour, of {now.load.workspaces} workspaces",
        ("", "as deployed", "fitted"),
        tuple(rows),
    )


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


def cost(found: Hour) -> Table:
    """What a month of such hours costs, by `infra/costs.py`, and one animation of it."""
    per_month = found.load.per_hour * MONTH
    rows = {row.name: row.dollars[0] for row in costs.rows([int(per_month)])}
    shown = [*costs.GROUPS, "**all of it**"]
    if found.deployment.provider.films:
        shown.append(found.deployment.provider.films)
    return Table(
        f"{per_month:,.0f} animations in a month",
        ("", "dollars a month", "cents an animation"),
        tuple(
            (name, f"{rows[name]:,.0f}", f"{100 * rows[name] / per_month:,.3f}") for name in shown
        ),
    )


def rungs(found: Iterable[Rung], provider: str) -> Table:
    """What breaks first, and what moves it."""
    return Table(
        f"What gives way, with {provider}",
        ("animations an hour", "because", "what moves it"),
        tuple((f"{rung.per_hour:,}", rung.cause.text, rung.change) for rung in found),
    )


def sentence(found: Sequence[Rung]) -> str:
    """What breaks first, in one sentence."""
    first, *others = found
    moved = f"; {first.change} moves it to {others[0].per_hour:,}" if others else ""
    return f"Breaks first at {first.per_hour:,} an hour: {first.cause.text}{moved}."


def changes(then: Deployment) -> Table:
    """The settings of what was fitted that differ from what is deployed."""
    rows = []
    for before in QUEUES:
        after = then.queues[before.name]
        for name in ("max_concurrent", "max_per_second"):
            old, new = getattr(before, name), getattr(after, name)
            if old != new:
                rows.append((f"`{before.name}`: `{name}`", f"{old}", f"{new}"))
    provider = limits.PROVIDERS[then.provider.name]
    for name, said in (("films_per_minute", "films a minute"), ("films_at_once", "films at once")):
        old, new = getattr(provider, name), getattr(then.provider, name)
        if old != new:
            rows.append((f"{provider.name}: {said}", f"{old:g}", f"{new:g}"))
    return Table("What was fitted", ("setting", "deployed", "fitted"), tuple(rows))


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


def main_tables(now: Hour, then: Hour) -> list[Table]:
    """Everything but what breaks: the load as deployed and fitted."""
    return [
        summary(now, then),
        queues(now, "The queues as deployed"),
        queues(then, "The queues as fitted"),
        changes(then.deployment),
        documents(then),
        cost(then),
    ]


def late(found: Sequence[tuple[str, Hour]]) -> Table:
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


# --- JSON -----------------------------------------------------------------------------------------


def as_json(one: Hour) -> dict[str, Any]:
    """An hour as JSON."""
    why = cause(one)
    return {
        "per_hour": one.load.per_hour,
        "workspaces": one.load.workspaces,
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
