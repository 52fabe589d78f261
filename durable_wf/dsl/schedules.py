"""Schedules of `deployment_settings`: their times and weekdays. Nothing acts on them here; a plan keeps them.

A time with a date is kept in UTC, as YYYY-MM-DD HH:MM; one without, or from now on, is kept as it is written: only who
makes a deployment knows which day that is.

Source: reference/blueprint-dsl.md §2 (deployment_settings).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Any

from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Value, child, plain
from durable_wf.sources.port import Resolver

_UNIT = "(?:min(?:ute)?s?|h(?:ours?)?|d(?:ays?)?|w(?:eeks?)?|mo(?:nths?)?|y(?:ears?)?)"
_RELATIVE = re.compile(rf"(?:[01]?\d|2[0-3]):[0-5]\d|(?:\s*\+\s*\d+\s*{_UNIT})+\s*")
_ABSOLUTE = re.compile(r"\d{4}-\d\d-\d\d \d\d?:\d\d")
_WEEKDAY = re.compile(r"(?:-?[1-5]|l-)?(?:su|mo|tu|we|th|fr|sa)", re.IGNORECASE)
_CODE = "bad-schedule"


class Schedules:
    """Compiles schedules; what is wrong is reported.

    resolver  knows the time zones
    """

    def __init__(self, report: Report, resolver: Resolver) -> None:
        self._report = report
        self._resolver = resolver

    def compiled(self, value: Value, path: str) -> Any:
        """A schedule as a plan has it, its grammar checked already."""
        found = plain(value)
        weekdays = value.get("weekdays")
        for index, day in enumerate(weekdays.items if weekdays else ()):
            if day.text is not None and not _WEEKDAY.fullmatch(day.text):
                where, message = child(child(path, "weekdays"), index), f"'{day.text}' is not a weekday"
                expected = "su, mo, tu, we, th, fr or sa; with a number before it: the n-th"
                self._report.add(_CODE, message, day.place, where, expected=expected)
        zone = self._zone(value.get("timezone"), child(path, "timezone"))
        for key in ("since", "until"):
            time = value.get(key)
            if time is not None and time.text is not None:
                found[key] = self._time(time, zone, child(path, key))
        return found

    def _time(self, time: Value, zone: tzinfo | None, path: str) -> str:
        text = time.text or ""
        if _RELATIVE.fullmatch(text):
            return text
        try:
            if _ABSOLUTE.fullmatch(text):
                read = datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - it gets its zone in the next line
                there = read if zone is None else read.replace(tzinfo=zone).astimezone(UTC)
                return there.replace(tzinfo=None).isoformat(" ", "minutes")
        except (ValueError, OverflowError):  # no such day, or before the first one
            pass
        expected = "YYYY-MM-DD HH:MM, HH:MM, or such as +2 weeks or +1day+10min"
        self._report.add(_CODE, f"'{text}' is not a time", time.place, path, expected=expected)
        return text

    def _zone(self, given: Value | None, path: str) -> tzinfo | None:
        """Of a schedule: UTC if it names none; None if this machine does not know it."""
        if given is None or given.text is None:
            return UTC if given is None else None
        found = self._resolver.zone(given.text)
        if found is not None:
            return found
        known = self._resolver.zones()
        if known:
            hint = self._report.did_you_mean(given.text, known)
            message = f"there is no time zone '{given.text}'"
            self._report.add(_CODE, message, given.place, path, expected="such as Europe/Berlin", hint=hint)
        else:
            self._report.note("times are kept as written: this machine has no table of time zones", given.place, path)
        return None
