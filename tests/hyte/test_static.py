"""What is served of the packages: all that pages and papers ask for, and little else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from indicators.charts import FONT_FILES

IN_TEMPLATE = re.compile(r"""\{%\s*static\s+['"]([^'"]+)['"]""")
IN_STYLESHEET = re.compile(r"""url\(\s*['"]?(?!data:|#)([^'")]+)""")


def asked_for() -> list[str]:
    """Return the path of every static file that a template or a stylesheet of ours names."""
    found = set(FONT_FILES.values())
    for template in (settings.BASE_DIR / "templates").rglob("*"):
        if template.is_file():
            found.update(IN_TEMPLATE.findall(template.read_text()))
    static = settings.BASE_DIR / "static"
    for stylesheet in static.rglob("*.css"):
        for address in IN_STYLESHEET.findall(stylesheet.read_text()):
            found.add(str((stylesheet.parent / address).resolve().relative_to(static)))
    return sorted(found)


@pytest.mark.parametrize("path", asked_for())
def test_what_pages_and_papers_ask_for_is_served(path: str) -> None:
    found = finders.find(path)
    assert found is not None, f"{path} is not served; see STATICFILES_SERVED in hyte/settings.py"
    assert Path(str(found)).is_file()


def test_the_rest_of_a_package_is_neither_found_nor_collected() -> None:
    assert finders.find("hds/base.css") is None
    assert finders.find("source-sans-3/source-sans-3-cyrillic-400-normal.woff2") is None
    assert finders.find("django_htmx/ext/hx-sse-2.js") is None
    collected = {
        f"{prefix}/{path}" if (prefix := getattr(storage, "prefix", None)) else path
        for finder in finders.get_finders()
        for path, storage in finder.list([])
    }
    assert {"hds/base.min.css", "css/hyte.css", "django_htmx/htmx-2.min.js", "admin/css/base.css"} <= collected
    assert not {"hds/base.css", "django_htmx/ext/hx-sse-2.js"} & collected
    assert sum(1 for path in collected if path.split("/")[0] in settings.STATICFILES_SERVED) < 60
