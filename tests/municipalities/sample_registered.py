"""Imported by a worker process of the tests: it then knows the sample kind of document."""

from municipalities.documents import register
from tests.municipalities.sample import KIND

register(KIND)
