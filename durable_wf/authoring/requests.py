"""What is stored of a task's request: function, arguments, what it is about, and its policy."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.functions import is_resumable
from durable_wf.codec import encode, storable
from durable_wf.model.events import Spec
from durable_wf.model.rows import Kind
from durable_wf.retry import DEFAULT_RETRY_INTERVAL_S, DEFAULT_TOTAL_RETRIES, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.model.plan import Operation

_REFERENCE = '"get_secret":'  # in arguments that name a secret, such as the result of an operation that was one
_NO_ARGUMENTS = '"kwargs":{}'
_NO_POLICY = Policy(0, 0.0, "rerun").to_json()  # of tasks whose effect is rows: never retried, never unknown


class Defaults:
    """What an execution says of its tasks where they say nothing: retries, also of subgraphs, and unknown outcomes."""

    def __init__(self, options: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self.total_retries = int(options.get("task_retries", DEFAULT_TOTAL_RETRIES))
        self.retry_interval_s = float(options.get("task_retry_interval", DEFAULT_RETRY_INTERVAL_S))
        self.subgraph_retries = int(options.get("subgraph_retries", 0))
        self.on_unknown = options.get("on_unknown") or settings.get("on_unknown")

    def policy(
        self,
        *,
        resumable: bool,
        retries: int | None = None,
        interval: float | None = None,
        on_unknown: str | None = None,
    ) -> Policy:
        """The policy of one task: what it says itself wins (design, "Unknown outcomes").

        raises  ValueError, TypeError for what is no number
        """
        return _policy(
            self.total_retries if retries is None else int(retries),
            self.retry_interval_s if interval is None else float(interval),
            on_unknown or ("rerun" if resumable else self.on_unknown or "ask"),
        )


_policy = lru_cache(maxsize=1024)(Policy)  # most tasks have the same


def operation_spec(
    defaults: Defaults,
    *,
    name: str,
    target: str,
    function: str,
    kwargs: dict[str, Any],
    plan: Operation | None = None,
    about: dict[str, Any] | None = None,
    on_unknown: str | None = None,
    retries: int | None = None,
    interval: float | None = None,
    events: bool = True,
) -> Spec:
    """A task that runs a function by its path.

    plan    the operation in the plan, whose own retries win over the defaults
    about   what the operation's context shows: node, plugin, relationship
    events  `send_task_events`: whether more than its failures is told; stored only where it is false
    """
    if plan is not None:
        retries = plan.max_retries if retries is None else retries
        interval = plan.retry_interval if interval is None else interval
        on_unknown = plan.on_unknown or on_unknown
    policy = defaults.policy(
        resumable=is_resumable(function), retries=retries, interval=interval, on_unknown=on_unknown
    )
    arguments = encode(kwargs, what=f"the arguments of {name}") if kwargs else "{}"
    evaluate = (plan is not None and plan.has_intrinsic_functions) or _REFERENCE in arguments
    before, after = _around_kwargs(function, policy, evaluate, tuple(about.items()) if about else (), events)
    return Spec(Kind.OPERATION, storable(name), target, f"{before}{arguments}{after}")


@lru_cache(maxsize=4096)
def _around_kwargs(
    function: str,
    policy: Policy,
    evaluate: bool,
    about: tuple[tuple[str, Any], ...],
    events: bool,
) -> tuple[str, str]:
    """The canonical JSON of a request before and after its arguments: most tasks differ in nothing else."""
    body = {
        "evaluate": evaluate,
        "function": function,
        "kwargs": {},
        "operation": dict(about),
        "policy": policy.to_json(),
        **_events(events),
    }
    before, mark, after = encode(body).partition(_NO_ARGUMENTS)
    return before + mark[:-2], after


def _events(events: bool) -> dict[str, bool]:
    return {} if events else {"send_task_events": False}


def local_spec(
    defaults: Defaults,
    call: Callable[..., Any],
    *,
    name: str,
    kwargs: dict[str, Any],
    retries: int | None,
    interval: float | None,
    events: bool = True,
) -> Spec:
    """A task that runs a callable; the callable comes back by replay and is not stored.

    events  as of `operation_spec`
    """
    policy = defaults.policy(resumable=bool(getattr(call, "resumable", False)), retries=retries, interval=interval)
    body = {"kwargs": kwargs, "policy": policy.to_json(), **_events(events)}
    request = encode(body, what=f"the arguments of local task {name}")
    return Spec(Kind.LOCAL, storable(name), "", request, callable=call)


def in_dry_run(spec: Spec) -> Spec:
    """The same task, shown and not done: what a worker would run, no worker gets; no state is set."""
    if spec.kind == Kind.SET_STATE:
        return Spec(Kind.NOP, f"set_state {spec.name}", spec.target, spec.request)
    if spec.kind not in (Kind.OPERATION, Kind.LOCAL):
        return spec
    return Spec(Kind.DRY_RUN, spec.name, spec.target, spec.request)


def effect_spec(kind: Kind, name: str = "", target: str = "", **kwargs: Any) -> Spec:
    """A task whose effect is journal rows. Texts among the arguments become columns, so they are made storable."""
    kwargs = {key: storable(value) if isinstance(value, str) else value for key, value in kwargs.items()}
    body = {"kwargs": kwargs, "policy": _NO_POLICY}
    return Spec(kind, storable(name), target, encode(body, what=f"the arguments of {kind.name.lower()}"))


def subgraph_spec(name: str, retries: int, interval: float) -> Spec:
    """A subgraph; its policy says how often it may be replaced.

    raises  ValueError, TypeError for what is no number
    """
    policy = Policy(int(retries), float(interval), "rerun")
    return Spec(Kind.SUBGRAPH, storable(name), "", encode({"kwargs": {}, "policy": policy.to_json()}))
