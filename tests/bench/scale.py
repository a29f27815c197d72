"""How many animations an hour an installation bears, simulated: see docs/9-scale.md."""

import time

from infra.scale import findings
from infra.scale.limits import PROVIDERS
from infra.scale.page import LOAD
from infra.scale.simulation import Deployment


def measure() -> dict[str, float]:
    """An hour on a deployment that is fitted to it, and what breaks the one that is deployed."""
    google, offline = (Deployment(provider=PROVIDERS[name]) for name in ("google", "offline"))
    fitted = findings.fitted(LOAD, google)
    began = time.process_time()
    hour = findings.hour(LOAD, fitted)
    return {
        "per_hour": LOAD.per_hour,
        "seconds": time.process_time() - began,
        "finished": hour.completed / hour.asked,
        "p99": max(row.p99 for row in hour.rows),
        "google": findings.breaks(LOAD, google)[0],
        "offline": findings.breaks(LOAD, offline)[0],
    }
