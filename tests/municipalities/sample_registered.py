"""Imported by a worker process of the tests: it then knows the sample kinds of document."""

from municipalities.documents import register
from tests.municipalities.sample import BROKEN, KIND

register(KIND)
register(BROKEN)
