"""The country this product stands in. The one place that names it: everybody else asks `HERE`."""

from __future__ import annotations

from typing import Final

from countries.country import Country
from countries.vn.country import VIETNAM

HERE: Final[Country] = VIETNAM
