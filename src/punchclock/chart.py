"""The machine as a python-statemachine ``StateMachine``, with listeners, guards and diagrams.

This module contains no rules and no arithmetic: states and events are generated from `punchclock.machine.TRANSITIONS`,
and each step calls `punchclock.timer.transition`. A step takes several hundred times as long as the pure function; use
this class only for listeners and guards.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import statemachine
from statemachine.engines.async_ import AsyncEngine
from statemachine.engines.base import BaseEngine
from statemachine.engines.sync import SyncEngine

from punchclock.errors import GuardRejected, IllegalTransition
from punchclock.instants import check_instant
from punchclock.machine import TRANSITIONS, Event, State
from punchclock.timer import IDLE, Timer, transition

if TYPE_CHECKING:
    from statemachine.event_data import EventData, TriggerData
    from statemachine.orderedset import OrderedSet
    from statemachine.transition import Transition

__all__ = ["TimerMachine"]


def _chart() -> dict[str, Any]:
    """Return the transition table as the class attributes that python-statemachine expects: states and events."""
    sources = {source for source, _ in TRANSITIONS}
    states = {
        state: statemachine.State(value=state, initial=state is State.IDLE, final=state not in sources)
        for state in State
    }
    attributes: dict[str, Any] = {state.value: chart_state for state, chart_state in states.items()}
    for (source, event), target in TRANSITIONS.items():
        step = states[source].to(states[target], cond="guard")
        attributes[event.value] = attributes[event.value] | step if event.value in attributes else step
    return attributes


class _Model:
    """The model of python-statemachine. Its state is the timer's state, so the two cannot differ.

    The engine writes the next state in a step, and the previous state again if a listener's error undoes the step. In
    both cases the setter selects the timer that belongs to the state.
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
        return {"timer": self.timer}  # copies are made between steps


class TimerMachine(statemachine.StateMachine):
    """A python-statemachine machine around a timer.

    It starts from any timer, such as one from a database, without calling a listener. Every event takes ``now``, an
    instant in microseconds:

        machine = TimerMachine()
        machine.start(now=t0)
        machine.send("pause", now=t1)
        machine.timer  # Timer(state=State.PAUSED, ...)

    *Listeners* are those of python-statemachine: objects with methods such as ``before_pause``, ``on_enter_running``,
    ``on_stop`` or ``after_transition``, passed to the constructor or to ``add_listener``, or such methods of a
    subclass. A method receives the arguments that it declares: ``event``, ``source``, ``target`` (of
    python-statemachine), ``now`` (the instant), ``before`` and ``after`` (the two timers):

        class Journal:
            def after_transition(self, event, before, after, now): ...

    An exception in a listener undoes the step if it is raised during the step (``before_…``, ``on_…``, ``on_exit_…``,
    ``on_enter_…``), but not after it (``after_…``). An event that a listener sends is processed after the current one.

    *Guards* are methods named ``guard``, of listeners or of a subclass. They receive the same arguments; if one returns
    false, the event is rejected. Be careful with guards that reject a stop: the timer keeps counting.

    A rejected event raises an error, changes nothing and calls no listener: `InvalidInstant` (also if ``now`` is
    missing), `IllegalTransition` or `ClockWentBackwards`, in this order, as `punchclock.transition` does;
    `GuardRejected` if the event is legal and a guard rejects it. Unlike in a ``StateChart``, no event is silently
    ignored.
    """

    vars().update(_chart())
    model: _Model

    start: statemachine.Event
    pause: statemachine.Event
    resume: statemachine.Event
    stop: statemachine.Event

    def __init__(self, timer: Timer = IDLE, *, listeners: Iterable[object] = ()) -> None:
        super().__init__(_Model(timer), listeners=list(listeners))

    @property
    def timer(self) -> Timer:
        """The current timer."""
        return self.model.timer

    @property
    def is_terminated(self) -> bool:
        """Whether the timer is in a final state, from which no event leads."""
        return all(state.final for state in self.configuration)

    def guard(self) -> bool:
        """Return whether to accept a legal event; an override may declare ``event``, ``now`` and the others."""
        return True

    def send(self, event: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - python-statemachine's signature
        """Send an event by name; an unknown name raises `IllegalTransition`."""
        if event not in tuple(Event):  # the library would accept the name of any attribute
            now = _now(kwargs)
            check_instant(now)
            raise IllegalTransition(state=self.timer.state, event=event, at=now)
        return super().send(event, *args, **kwargs)

    def prepare_event(self, event_data: EventData) -> dict[str, Any]:
        """Compute the next timer, once for each step; the engine calls this method several times for a step."""
        model, trigger = self.model, event_data.trigger_data
        if trigger is not model.trigger:
            model.before, model.after = model.timer, _step(model.timer, trigger)
            model.trigger = trigger
        return {"now": model.after.since, "before": model.before, "after": model.after}

    def _get_engine(self) -> BaseEngine:
        return _AsyncEngine(self) if self._callbacks.has_async_callbacks else _SyncEngine(self)


class _Engine(BaseEngine):
    """The changes to both engines of the library: rejected events raise this project's errors, also after the stop."""

    sm: TimerMachine

    @property
    def running(self) -> bool:
        """Always true: otherwise, the library would drop events in a final state, and this machine must reject them."""
        return True

    @running.setter
    def running(self, value: bool) -> None:
        """Ignore the library's attempt to end the machine in its final state."""

    def steps_or_error(self, steps: OrderedSet[Transition], trigger: TriggerData) -> OrderedSet[Transition]:
        """Return the steps that an event enables, or raise the reason why there are none."""
        if not steps:
            timer = self.sm.timer
            step = _step(timer, trigger)  # raises, unless a guard has rejected the event
            raise GuardRejected(state=timer.state, event=_event(trigger), at=step.since)
        return steps


class _SyncEngine(_Engine, SyncEngine):
    def select_transitions(self, trigger_data: TriggerData) -> OrderedSet[Transition]:
        try:
            return self.steps_or_error(super().select_transitions(trigger_data), trigger_data)
        except Exception:
            self.clear()  # type: ignore[no-untyped-call]  # events that listeners have sent must not remain for the next call
            raise


class _AsyncEngine(_Engine, AsyncEngine):
    async def select_transitions(self, trigger_data: TriggerData) -> OrderedSet[Transition]:
        return self.steps_or_error(await super().select_transitions(trigger_data), trigger_data)


def _event(trigger: TriggerData) -> Event:
    return Event(str(trigger.event))


def _step(timer: Timer, trigger: TriggerData) -> Timer:
    return transition(timer, _event(trigger), _now(trigger.kwargs))


def _now(arguments: dict[str, Any]) -> int:
    now: int = arguments.get("now")  # type: ignore[assignment]  # `transition` rejects what is missing or not an int
    return now
