"""How many animations an hour an installation bears, simulated: see docs/9-scale.md."""

import time

from infra.scale import findings, ladder
from infra.scale.limits import PROVIDERS
from infra.scale.page import HUGE, LOADS
from infra.scale.scenario import Deployment


def measure() -> dict[str, float]:
    """An hour of a million a day on a deployment that is fitted to it, and what breaks a new
    project."""
    load = LOADS[HUGE]
    google, offline = (Deployment(provider=PROVIDERS[name]) for name in ("google", "offline"))
    fitted = ladder.fitted(load, google)
    began = time.process_time()
    hour = findings.hour(load, fitted)
    return {
        "per_hour": load.per_hour,
        "seconds": time.process_time() - began,
        "finished": hour.completed / hour.asked,
        "p99": max(row.p99 for row in hour.rows),
        "google": ladder.breaks(load, google)[0],
        "offline": ladder.breaks(load, offline)[0],
    }
