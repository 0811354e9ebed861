"""Vietnam behind the port."""

from __future__ import annotations

from countries.country import Country
from countries.notice import NoticeForm
from countries.papers import Papers
from countries.vn import acts, deadlines, plates, words
from countries.vn.calendar import national
from countries.vn.law import device_papers, fines, powers, retention
from countries.vn.look_up import FIELDS
from countries.vn.markings import MARKINGS
from countries.vn.plate_look import LONG_WIDTH_M, WIDTHS_M
from countries.vn.signals import ONE_WAY, SIGNALS
from countries.vn.signs import SIGNS


def _form() -> NoticeForm:
    from countries.vn.forms import notice  # drawing PDFs takes half a second to load, and a box draws none

    return notice


def _papers() -> Papers:
    from countries.vn.forms.papers import making  # for the same reason

    return making


VIETNAM = Country(
    code="vn",
    zone=deadlines.VIETNAM,
    language="vi",
    currency="đ",
    plates=plates,
    plate_width_m=WIDTHS_M,
    long_plate_width_m=LONG_WIDTH_M,
    markings=MARKINGS,
    signals=SIGNALS,
    one_way=ONE_WAY,
    signs=SIGNS,
    acts=acts,
    law=fines,
    powers=powers,
    terms=deadlines,
    devices=device_papers,
    keeping=retention,
    calendar=national,
    notice=_form,
    papers=_papers,
    look_up=FIELDS,
    words=words.read(),
)
