"""The bench runs and keeps what it found. How fast anything is, no test tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.bench.figures import Figure, Section, show, values_in


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the bench beside the servers of the tests."""
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_pages_are_found_measured_printed_and_kept(tmp_path: Path) -> None:
    done = bench("lists", "--quick", "--to", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (kept,) = tmp_path.glob("*.json")
    report = json.loads(kept.read_text())
    assert report["machine"]["cores"] and report["machine"]["postgres"]
    (section,) = report["sections"]
    figures = {figure["name"]: figure for figure in section["figures"]}
    pages = figures["time, many rows / few, worst list"]["raw"]
    assert {"rounds", "round", "documents", "municipalities", "county_home (board_member)"} <= pages.keys()
    assert {"figures", "indicator", "catalogue", "indicator_sets", "indicator_set", "import_run"} <= pages.keys()
    assert {"live", "workshop_board", "promises", "agenda_templates", "agenda_template"} <= pages.keys()
    assert all(page["queries"][0] == page["queries"][1] for page in pages.values())
    assert figures["pages whose queries grow with the rows"]["value"] == 0
    assert "Pages with 3 and with 9 rows" in done.stdout
    assert values_in(kept)["lists/queries, home, the role with most"] > 0


def test_pages_of_figures_are_measured_with_few_and_with_many(tmp_path: Path) -> None:
    done = bench("figures", "--quick", "--to", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (kept,) = tmp_path.glob("*.json")
    (section,) = json.loads(kept.read_text())["sections"]
    figures = {figure["name"]: figure for figure in section["figures"]}
    # 3 indicators of 308 municipalities, a county and the country, over 2 years, of each gender.
    assert section["title"] == "The pages of 2 indicators with 1,000 and with 5,580 figures in the table"
    for name in ("matrix", "indicator"):
        few, many = (figures[f"time, many / few figures, {name}"]["raw"][size] for size in ("few", "many"))
        assert few["sizes"] == many["sizes"]
        assert few["queries"] == many["queries"] == figures[f"queries, {name}"]["value"] > 0


def test_a_missed_target_and_an_earlier_run_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show(Section("pace", "Pace", [Figure("slow", 3.14159, "x", 2.0), Figure("told", 5, "s")]), {"pace/slow": 6.5})
    _empty, title, slow, told = capsys.readouterr().out.splitlines()
    assert title == "Pace"
    assert slow.split() == ["slow", "3.14", "x", "≤", "2", "MISSED", "(was", "6.5)"]
    assert told.split() == ["told", "5", "s"]


def test_an_unknown_measurement_is_refused_by_name() -> None:
    refused = bench("speed")
    assert refused.returncode == 2
    assert "there is no speed" in refused.stderr
