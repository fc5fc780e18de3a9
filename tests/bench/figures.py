"""What a measurement found, how it is printed, and how it is kept."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import django
from django.db import connection


@dataclass(frozen=True)
class Figure:
    """One line of the table. Without a limit it is told for information."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    # What the value was computed from, for people; and all of it, for the file.
    of: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        """Whether the value is within its limit."""
        return self.limit is None or self.value <= self.limit


@dataclass(frozen=True)
class Section:
    """What one measurement prints: its figures, and lines of text below them."""

    name: str
    title: str
    figures: Sequence[Figure]
    notes: Sequence[str] = ()


def median(values: Iterable[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """Return the value that 95 of 100 do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]


def timed(action: Callable[[], object]) -> float:
    """Return how many seconds the action took."""
    began = perf_counter()
    action()
    return perf_counter() - began


def ms(seconds: float) -> str:
    """Write a time in milliseconds."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.0995 else f"{seconds * 1000:.0f} ms"


def show(section: Section, before: Mapping[str, float]) -> None:
    """Print a section as a table; `before` are the values of an earlier run, by name."""
    print(f"\n{section.title}")
    for figure in section.figures:
        limit = "" if figure.limit is None else f"≤ {number(figure.limit)}"
        mark = "" if figure.is_met else "MISSED"
        was = before.get(f"{section.name}/{figure.name}")
        earlier = f"(was {number(was)})" if was is not None else ""
        print(
            f"  {figure.name:<44}{number(figure.value):>9} {figure.unit:<8}{limit:<9}{mark:<8}{earlier:<14}{figure.of}"
        )
    for note in section.notes:
        print(f"  {note}")


def number(value: float) -> str:
    """Write a value with as many digits as matter."""
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def machine() -> dict[str, Any]:
    """Return the facts that figures depend on."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgres,) = cursor.fetchone() or ("",)
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "django": django.get_version(),
        "postgres": postgres,
        "packages": {name: version(name) for name in ("weasyprint", "pikepdf", "psycopg", "gunicorn", "celery")},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def as_json(sections: Iterable[Section]) -> list[dict[str, Any]]:
    """Return the sections as data, each figure with whether its limit is met."""
    return [
        {
            "name": section.name,
            "title": section.title,
            "figures": [vars(figure) | {"is_met": figure.is_met} for figure in section.figures],
            "notes": list(section.notes),
        }
        for section in sections
    ]


def values_in(path: Path) -> dict[str, float]:
    """Return the values of an earlier run by section and name. Raises OSError, ValueError."""
    data = json.loads(path.read_text())
    return {
        f"{section['name']}/{figure['name']}": figure["value"]
        for section in data["sections"]
        for figure in section["figures"]
    }
