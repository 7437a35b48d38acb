"""The machine once more, as a python-statemachine ``StateMachine``: for listeners, guards and diagrams.

No rule and no arithmetic lives here. States and events are made from `punchclock.machine.TRANSITIONS`, and each
step is `punchclock.timer.transition`. It costs some hundred times what the pure functions cost; use it where
something must be told of every step, and the functions everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import statemachine
from statemachine.engines.async_ import AsyncEngine
from statemachine.engines.base import BaseEngine
from statemachine.engines.sync import SyncEngine

from punchclock.errors import GuardRefused, IllegalTransition
from punchclock.instants import check_instant
from punchclock.machine import TRANSITIONS, Event, State
from punchclock.timer import IDLE, Timer, transition

if TYPE_CHECKING:
    from statemachine.event_data import EventData, TriggerData
    from statemachine.orderedset import OrderedSet
    from statemachine.transition import Transition

__all__ = ["TimerMachine"]


def _chart() -> dict[str, Any]:
    """The transition table as the class attributes that python-statemachine reads: its states, its events."""
    ends = {source for source, _ in TRANSITIONS}
    states = {
        state: statemachine.State(value=state, initial=state is State.IDLE, final=state not in ends) for state in State
    }
    attributes: dict[str, Any] = {state.value: chart_state for state, chart_state in states.items()}
    for (source, event), target in TRANSITIONS.items():
        step = states[source].to(states[target], cond="guard")
        attributes[event.value] = attributes[event.value] | step if event.value in attributes else step
    return attributes


class _Held:
    """Where python-statemachine keeps its state: in the timer itself, so that the two can never differ.

    The engine writes the next state when it takes a step, and the last one once more when a listener's error
    undoes the step; either way the timer that belongs to the state goes with it.
    """

    trigger: TriggerData | None = None
    before: Timer
    after: Timer

    def __init__(self, timer: Timer) -> None:
        self.timer = timer

    @property
    def state(self) -> State:
        return self.timer.state

    @state.setter
    def state(self, state: State) -> None:
        self.timer = self.after if state is self.after.state else self.before

    def __getstate__(self) -> dict[str, Timer]:
        return {"timer": self.timer}  # a copy is taken between steps


class TimerMachine(statemachine.StateMachine):
    """A timer as a python-statemachine machine that drives the pure functions.

    It begins at any timer, so one that comes from a database goes on where it was; beginning tells no listener
    anything. Every event takes ``now``, an instant in microseconds:

        machine = TimerMachine()
        machine.start(now=t0)
        machine.send("pause", now=t1)
        machine.timer  # Timer(state=State.PAUSED, ...)

    *Listeners* are python-statemachine's: any object with methods such as ``before_pause``, ``on_enter_running``,
    ``on_stop`` or ``after_transition``, given at construction or to ``add_listener``; or such methods on a
    subclass. They are handed what they name among ``event``, ``source``, ``target`` (python-statemachine's),
    ``now`` (the instant), ``before`` and ``after`` (the two timers):

        class Journal:
            def after_transition(self, event, before, after, now): ...

    A listener that raises before the step is done (``before_…``, ``on_…``, ``on_exit_…``, ``on_enter_…``) undoes it;
    one that raises after it (``after_…``) does not. An event that a listener sends is taken after the present one.

    *Guards* are listeners with a method ``guard``, or a subclass that overrides it: it is handed the same, and
    where one answers false the event is rejected. Think twice before rejecting a stop.

    An event that is rejected raises, changes nothing and tells no listener: `InvalidInstant` (also where ``now`` is
    missing), `IllegalTransition` and `ClockWentBackwards`, in this order, as from `punchclock.transition`;
    `GuardRefused` where the table allows the event and a guard does not. Nothing is ever silently ignored, unlike in
    a ``StateChart``.
    """

    vars().update(_chart())
    model: _Held

    start: statemachine.Event
    pause: statemachine.Event
    resume: statemachine.Event
    stop: statemachine.Event

    def __init__(self, timer: Timer = IDLE, *, listeners: Iterable[object] = ()) -> None:
        super().__init__(_Held(timer), listeners=list(listeners))

    @property
    def timer(self) -> Timer:
        """The timer as it stands."""
        return self.model.timer

    @property
    def is_terminated(self) -> bool:
        """Whether the timer is in a final state, from which no event leads; also where it began there."""
        return all(state.final for state in self.configuration)

    def guard(self) -> bool:
        """Whether an event that the table allows may happen; a subclass may name ``event``, ``now`` and the rest."""
        return True

    def send(self, event: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - python-statemachine's signature
        """Send an event by name; a name that is no event is as illegal as one that the state does not answer."""
        if event not in tuple(Event):  # the library would look for any attribute of that name
            now = _now(kwargs)
            check_instant(now)
            raise IllegalTransition(state=self.timer.state, event=event, at=now)
        return super().send(event, *args, **kwargs)

    def prepare_event(self, event_data: EventData) -> dict[str, Any]:
        """Called by the engine ahead of all listeners, several times a step: take the step, once, on the side."""
        held, trigger = self.model, event_data.trigger_data
        if trigger is not held.trigger:
            held.before, held.after = held.timer, _step(held.timer, trigger)
            held.trigger = trigger
        return {"now": held.after.since, "before": held.before, "after": held.after}

    def _get_engine(self) -> BaseEngine:
        return _AsyncEngine(self) if self._callbacks.has_async_callbacks else _SyncEngine(self)


class _Engine(BaseEngine):
    """What both engines of the library lack: they raise errors of their own, and drop events after the end."""

    sm: TimerMachine

    @property
    def running(self) -> bool:
        """A machine in its final state still answers: it rejects, where the library's would drop events."""
        return True

    @running.setter
    def running(self, value: bool) -> None:
        """The library ends a machine in its final state so."""

    def answered(self, steps: OrderedSet[Transition], trigger: TriggerData) -> OrderedSet[Transition]:
        """The steps that an event enables, or the reason why there are none."""
        if not steps:
            timer = self.sm.timer
            step = _step(timer, trigger)  # raises, unless it was a guard that rejected
            raise GuardRefused(state=timer.state, event=_event(trigger), at=step.since)
        return steps


class _SyncEngine(_Engine, SyncEngine):
    def select_transitions(self, trigger_data: TriggerData) -> OrderedSet[Transition]:
        try:
            return self.answered(super().select_transitions(trigger_data), trigger_data)
        except Exception:
            self.clear()  # type: ignore[no-untyped-call]  # events that listeners had sent must not wait for the next caller
            raise


class _AsyncEngine(_Engine, AsyncEngine):
    async def select_transitions(self, trigger_data: TriggerData) -> OrderedSet[Transition]:
        return self.answered(await super().select_transitions(trigger_data), trigger_data)


def _event(trigger: TriggerData) -> Event:
    return Event(str(trigger.event))


def _step(timer: Timer, trigger: TriggerData) -> Timer:
    return transition(timer, _event(trigger), _now(trigger.kwargs))


def _now(arguments: dict[str, Any]) -> int:
    now: int = arguments.get("now")  # type: ignore[assignment]  # `transition` rejects what is missing or not an int
    return now
