"""Areas and figures that the tests of this app share."""

from __future__ import annotations

import pytest

from indicators.models import Area
from municipalities.reference import load_reference


@pytest.fixture
def reference(db: None) -> None:
    """The areas of the country and the catalogue of indicators."""
    load_reference()


@pytest.fixture
def county(reference: None) -> Area:
    """Keski-Suomi."""
    return Area.objects.get(kind=Area.Kind.COUNTY, code="15")


@pytest.fixture
def municipalities(county: Area) -> list[Area]:
    """Its 22 municipalities, in alphabetical order."""
    return list(county.children.filter(kind=Area.Kind.MUNICIPALITY))
