"""What a seed has to put up with.

Most seeds know only some of the faults: one that has them all hides what two of them do together.
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances, of which each is rolled where it can strike."""

    steady: float = 0.5
    """That a worker makes the next call before anybody else has a turn."""
    crash: float = 0.0
    """That a worker dies in front of an effect."""
    outage: float = 0.0
    """That a port does not answer, before or after it did what it was asked for."""
    violence: float = 0.0
    """That a move ends a worker, or all of them and begins anew."""
    loss: float = 0.0
    """That a task or an event is lost, which no queue should do."""
    repeat: float = 0.0
    """That a delivery is made twice, at the same time or after it was acknowledged."""
    sleep: bool = False
    """Workers may sleep for longer than their leases."""
    provider: float = 0.0
    """That a provider, or a step's own code, has some fault."""
    judge: float = 0.0
    """That a picture is sent back, or kept though it is not good enough."""
    endpoint: float = 0.0
    """That a webhook's endpoint fails."""

    @property
    def fair(self) -> bool:
        """Whether nothing is ever lost, so that nobody has to look after it."""
        return not (self.crash or self.outage or self.violence or self.loss or self.sleep)


CALM = Weather()


def forecast(dice: Random) -> Weather:
    def some(share: float, *chances: float) -> float:
        return dice.choice(chances) if dice.random() < share else 0.0

    storm = dice.random() < 0.75
    return Weather(
        steady=dice.choice((0.0, 0.5, 0.8, 0.95)),
        crash=some(0.6 * storm, 0.004, 0.02, 0.06),
        outage=some(0.25 * storm, 0.003, 0.015),
        violence=some(0.3 * storm, 0.1, 0.5),
        loss=some(0.3 * storm, 0.1, 0.4),
        repeat=some(0.4, 0.1, 0.4),
        sleep=dice.random() < 0.3 * storm,
        provider=some(0.5, 0.1, 0.3),
        judge=some(0.5, 0.3, 0.7),
        endpoint=some(0.5, 0.2, 0.6),
    )
