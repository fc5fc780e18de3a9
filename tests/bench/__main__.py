"""The command: a database of its own, the measurements, the table, the file."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests import databases

BASE_DIR = Path(__file__).resolve().parent.parent.parent
KEPT = BASE_DIR / "var" / "bench"
SECTIONS = (
    "papers",
    "minutes60",
    "memory",
    "again",
    "cards",
    "lists",
    "requests",
    "autosave",
    "day",
    "board",
    "proposal",
    "imports",
    "figures",
    "duty",
    "start",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, print it and keep it. A missed target is marked, and no failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures how fast the house is.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"some of: {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="once each and with few rows: shows that it runs")
    parser.add_argument("--before", type=Path, help="the file of an earlier run, to be printed beside")
    parser.add_argument("--to", type=Path, default=KEPT, help="where the figures are kept (%(default)s)")
    options = parser.parse_args(arguments)
    unknown = set(options.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing:
        parser.error(f"{' and '.join(missing)} missing; `make bench` starts servers of its own")
    with (
        tempfile.TemporaryDirectory(prefix="hyte-bench-") as scratch,
        databases.copy(f"bench_{os.getpid()}", template=databases.migrated()) as name,
    ):
        os.environ.update(
            DATABASE_URL=databases.address(name),
            DJANGO_SETTINGS_MODULE="tests.bench.settings",
            BENCH_QUEUE=f"bench-{os.getpid()}",
            DOCUMENTS_ROOT=f"{scratch}/documents",
            # Files collected by an earlier run serve again.
            STATIC_ROOT=str(KEPT / "static"),
            SITE_URL="http://127.0.0.1",
            EMAIL_URL="memorymail://",
            DEBUG="false",
            LOG_LEVEL="ERROR",
        )
        return run(
            options.sections or SECTIONS,
            quick=options.quick,
            before=options.before,
            to=options.to,
            scratch=Path(scratch),
        )


def run(wanted: Sequence[str], *, quick: bool, before: Path | None, to: Path, scratch: Path) -> int:
    """Fill the database and measure."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from tests.bench import (
        autosave,
        board,
        cards,
        content,
        day,
        duty,
        figures,
        imports,
        indicators,
        lists,
        minutes60,
        papers,
        proposal,
        requests,
        start,
    )

    began = time.monotonic()
    call_command("migrate", "--no-input", verbosity=0)
    worlds: dict[int, content.World] = {}
    few, many = (3, 9) if quick else (26, 260)

    def world(rows: int) -> content.World:
        if rows not in worlds:
            worlds[rows] = content.build(f"rivit-{rows}", f"X{rows}", rows)
        return worlds[rows]

    def demo() -> None:
        for command in ("load_reference", "load_demo"):
            call_command(command, stdout=io.StringIO())

    once = 1 if quick else 0
    measures: dict[str, Callable[[], figures.Section]] = {
        "papers": lambda: papers.measure(repetitions=once or 5),
        "minutes60": lambda: minutes60.measure(
            items=6 if quick else 60, people=20 if quick else 200, repetitions=once or 3
        ),
        "memory": lambda: papers.measure_memory(logs=scratch),
        "again": lambda: papers.measure_again(repetitions=once or 40),
        "cards": lambda: cards.measure(cards=2 if quick else 22, repetitions=once or 3, logs=scratch),
        "lists": lambda: lists.measure(world(few), world(many), repetitions=once or 5),
        "requests": lambda: requests.measure(
            world(few), seconds=0.2 if quick else 1.5, turns=1 if quick else 5, logs=scratch
        ),
        "autosave": lambda: autosave.measure(
            editors=4 if quick else 50, cards=2 if quick else 25, seconds=2 if quick else 15, logs=scratch
        ),
        "day": lambda: day.measure(
            phones=8 if quick else 80,
            secretaries=3,
            seconds=6 if quick else 40,
            turns=1 if quick else 5,
            logs=scratch,
        ),
        "board": lambda: board.measure(
            few=(few, 3) if quick else (26, 22),
            many=(many, 6) if quick else (260, 100),
            repetitions=once or 5,
            logs=scratch,
        ),
        "proposal": lambda: proposal.measure(repetitions=once or 3, sizes=(few, many)),
        "imports": lambda: imports.measure(indicators=2 if quick else 100),
        "figures": lambda: (
            indicators.measure(shown=2, further=1, years=2, few=1_000, repetitions=1)
            if quick
            else indicators.measure(shown=40, further=60, years=22, few=100_000, repetitions=15)
        ),
        "duty": lambda: duty.measure(years=2 if quick else 10, repetitions=once or 15),
        "start": lambda: start.measure(repetitions=once or 3, scratch=scratch),
    }
    earlier = figures.values_in(before) if before else {}
    if {"papers", "memory", "again"} & set(wanted):
        demo()
    elif {"cards", "imports", "figures", "duty"} & set(wanted):
        call_command("load_reference", stdout=io.StringIO())
    if {"again", "lists", "requests", "autosave", "day", "board", "figures"} & set(wanted):
        start.collect_once(settings.STATIC_ROOT)
    sections = []
    for name in SECTIONS:
        if name in wanted:
            sections.append(measures[name]())
            figures.show(sections[-1], earlier)
    now = datetime.now(UTC)
    report = {
        "at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "seconds": round(time.monotonic() - began),
        "machine": figures.machine(),
        "sections": figures.as_json(sections),
    }
    to.mkdir(parents=True, exist_ok=True)
    kept = to / f"{now:%Y-%m-%d-%H%M%S}.json"
    kept.write_text(json.dumps(report, ensure_ascii=False, indent=1, default=str))
    connection.close()
    missed = [figure for section in sections for figure in section.figures if not figure.is_met]
    print(f"\n{len(missed)} targets missed. {report['seconds']} s. Kept in {kept}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
