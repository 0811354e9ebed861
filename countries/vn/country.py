"""Vietnam behind the port."""

from __future__ import annotations

from countries.country import Country
from countries.vn.markings import MARKINGS
from countries.vn.signals import ONE_WAY, SIGNALS

VIETNAM = Country(code="vn", markings=MARKINGS, signals=SIGNALS, one_way=ONE_WAY)
