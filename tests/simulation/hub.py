"""Workers that take turns: real, synchronous code, interrupted in front of every call of a port.

A worker is a greenlet. In front of each call it may die, may be told that the port does not answer,
or lets others go first; after an effect it may not get to hear that it worked. The dice decide, so
one seed is one history.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Final

from greenlet import getcurrent, greenlet

from shared.ports import Ports
from tests.services.faults import EFFECTS
from tests.simulation.weather import Weather

CALLS: Final = {
    "documents": ("get", "get_many", "commit", "query", "count"),
    "blobs": ("put", "stat", "read", "download", "copy", "delete", "list"),
    "tasks": ("enqueue",),
}


class Died(BaseException):
    """The process of this worker ends here: no handler of exceptions may notice."""


class Outage(OSError):
    """A port did not answer, before or after it had done what it was asked for."""


class Worker:
    """Somebody at work; `about` is what it is at, such as a job and a step."""

    def __init__(self, name: str, about: tuple[str, ...], work: Callable[[], None]) -> None:
        self.name = name
        self.about = about
        self.error: Exception | None = None
        self.died = False
        self.task: tuple[str, str] | None = None
        """The queue and the name of the task that he was given."""
        self._work = work
        self._greenlet = greenlet(self._run)

    def _run(self) -> None:
        try:
            self._work()
        except Died:
            self.died = True
        except Exception as error:
            self.error = error

    def go_on(self) -> bool:
        """Work until the next interruption; whether that was the end."""
        self._greenlet.switch()
        return bool(self._greenlet.dead)

    def kill(self) -> None:
        self._greenlet.throw(Died)


class Hub:
    """Who is at work, and whose turn it is."""

    def __init__(self, dice: Random, weather: Weather, tell: Callable[[str], None] | None) -> None:
        self.dice = dice
        self.weather = weather
        self.met: Counter[str] = Counter()
        """How often each fault happened."""
        self.workers: list[Worker] = []
        """Those who are interrupted."""
        self.on_hurt: Callable[[Worker], None] = lambda worker: None
        self.on_end: Callable[[Worker], None] = lambda worker: None
        self.tell = tell
        self._current: Worker | None = None
        self._alone = False
        self._dying = False
        self._main = getcurrent()

    def begin(self, worker: Worker, *, alone: bool = False) -> bool:
        """Let somebody start to work; whether he has come to his end. `alone` lets nobody else go
        first."""
        self.say(f"{worker.name} begins")
        self.workers.append(worker)
        self._alone = alone
        try:
            return self.resume(worker)
        finally:
            self._alone = False

    def resume(self, worker: Worker) -> bool:
        self._current = worker
        try:
            ended = worker.go_on()
        finally:
            self._current = None
        if ended:
            self.workers.remove(worker)
            if worker.died:
                self.hurt(worker, "death")
            self.say(f"{worker.name} {'died' if worker.died else repr(worker.error or 'done')}")
            self.on_end(worker)
        return ended

    def kill(self, worker: Worker) -> None:
        """End a worker where he stands."""
        self._dying, self._current = True, worker
        try:
            worker.kill()
        finally:
            self._dying, self._current = False, None
        self.workers.remove(worker)
        self.hurt(worker, "kill")
        self.say(f"{worker.name} is killed")
        self.on_end(worker)

    def clear(self) -> None:
        """Let nobody stay behind when a history is broken off."""
        while self.workers:
            self.kill(self.workers[0])

    def hurt(self, worker: Worker, fault: str) -> None:
        self.met[fault] += 1
        self.on_hurt(worker)

    def say(self, text: str) -> None:
        if self.tell:
            self.tell(text)

    # --- in front of the ports -------------------------------------------------------------------

    def ports(self, ports: Ports) -> Ports:
        """The same ports, with an interruption in front of every call."""
        through: dict[str, Any] = {
            name: _Interrupted(self, name, getattr(ports, name), calls)
            for name, calls in CALLS.items()
        }
        return replace(ports, **through)

    def before(self, call: str, *, effect: bool = True, about: tuple[Any, ...] = ()) -> None:
        worker = self._current
        if worker is None:
            return
        if self._dying:
            raise Died
        weather, roll = self.weather, self.dice.random
        if self.tell:
            self.say(f"{worker.name}: {call} {_brief(about)}")
        if effect and weather.crash and roll() < weather.crash:
            raise Died
        if weather.outage and roll() < weather.outage:
            self.hurt(worker, "outage")
            self.say("  … no answer")
            raise Outage(f"{call} did not answer")
        if self._alone or roll() < weather.steady:
            return
        self._main.switch()

    def after(self, call: str) -> None:
        worker = self._current
        if worker is None or not self.weather.outage:
            return
        if self.dice.random() < self.weather.outage:
            self.hurt(worker, "lost answer")
            self.say("  … done, but the answer is lost")
            raise Outage(f"the answer of {call} was lost")


class _Interrupted:
    """A port with an interruption in front of every call."""

    def __init__(self, hub: Hub, name: str, port: Any, calls: tuple[str, ...]) -> None:
        self._port = port
        for call in calls:
            setattr(self, call, _interrupted(hub, f"{name}.{call}", getattr(port, call)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


def _interrupted(hub: Hub, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    effect = name.rsplit(".", 1)[1] in EFFECTS

    def call(*arguments: Any, **keywords: Any) -> Any:
        hub.before(name, effect=effect, about=arguments)
        result = method(*arguments, **keywords)
        if effect:
            hub.after(name)
        return result

    return call


def _brief(about: tuple[Any, ...]) -> str:
    """What a call is about, for people."""
    if about and isinstance(about[0], list):
        return ", ".join(f"{type(one).__name__} {getattr(one, 'path', one)}" for one in about[0])
    return " ".join(str(one)[:160] for one in about)
