"""Time zones by their names, as this machine's table (or the package tzdata) has them."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo, available_timezones


class Zones:
    """The half of a `Resolver` that tells time zones."""

    def zone(self, name: str) -> tzinfo | None:
        """The time zone of that name; None if there is none, or no table."""
        try:
            return ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder of zones an OSError
            return None

    def zones(self) -> tuple[str, ...]:
        """The names of all, in order; none where the machine has no table."""
        return tuple(sorted(available_timezones()))
