"""A paper while it is being written: its blocks in order, in the words of its form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from countries.paper_parts import Letter, Office, Party, StatedAct, Vehicle
from countries.papers import PaperCode
from countries.vn.forms.official import day_in_words, in_head
from countries.vn.forms.papers import wording as w
from countries.vn.forms.papers.setting import Block, compiled, one_line


class Sheet:
    """Blocks of one paper. A draft has dots where nothing is known, and so has a paper that is filled in by hand before
    it is signed; any other says so in a word, so that nobody fills in a blank afterwards."""

    def __init__(
        self, code: PaperCode, office: Office, made_at: datetime, *, draft: bool, by_hand: bool = False
    ) -> None:
        self.code, self.words = code, w.wording(code)
        self.draft, self._by_hand = draft, by_hand
        self._office, self._made_at = office, made_at
        self._blocks: list[Block] = []
        self._title = self.words.origin.title

    @classmethod
    def of(cls, code: PaperCode, letter: Letter) -> Sheet:
        """With the letterhead of a letter already on it."""
        sheet = cls(code, letter.office, letter.made_at, draft=letter.number is None, by_hand=letter.by_hand)
        sheet.head(letter)
        return sheet

    def head(self, letter: Letter) -> None:
        """Letterhead, number, place and day; what a letter is about stands below its number."""
        office, say = letter.office, self.words.say
        full = w.number(self.code, letter.number, office.suffix)
        self._title = f"{self._title} {full}"
        day = say("no_date") if letter.on is None else day_in_words(letter.on)
        self.add(
            "head",
            parent=in_head(one_line(office.parent)),
            unit=in_head(one_line(office.unit)),
            number=say("number_line", number=full),
            subject=self.words.texts.get("subject", ""),
            state=say("state"),
            motto=say("motto"),
            place_date=say("place_date", town=office.town, date=day) if self.words.texts["place_date"] else "",
        )

    def add(self, kind: str, **said: object) -> None:
        """A block as `paper.typ` knows it."""
        self._blocks.append({"kind": kind, **said})

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is added meanwhile stands on one page."""
        before, self._blocks = self._blocks, []
        yield
        self._blocks = [*before, {"kind": "together", "blocks": self._blocks}]

    def title(self) -> None:
        """Kind of paper and what it is about."""
        self.add("title", text=self.words.say("title"))
        self.add("subtitle", text=self.words.say("subtitle"))

    def to(self, name: str) -> None:
        self.add("to", label=self.words.say("to"), value=one_line(name) or self._nothing("nothing_known"))

    def para(self, key: str, kind: str = "para", **values: object) -> None:
        """A paragraph of the form. `kind` "last" stays on the page of what follows it."""
        self.add(kind, text=self.words.say(key, **values))

    def field(self, key: str, value: str, *, empty: str = "nothing_known", **values: object) -> None:
        """`Label: value`; the label is a text of the form."""
        said = one_line(value) or self._nothing(empty)
        self.add("field", label=self.words.say(key, **values), value=said, lines=1)

    def put(self, key: str, **values: object) -> None:
        """A paragraph whose values are pieces of text already, with their own spaces."""
        self.add("para", text=self.words.texts[key].format(**values))

    def section(self, key: str) -> None:
        """A heading inside the paper."""
        self.add("section", text=self.words.say(key))

    def inline(self, value: object) -> str:
        """A value inside a sentence; dots, or a word, where it is not known."""
        said = one_line(str(value)) if value is not None else ""
        return said or (self._nothing("nothing_known").lower() or self.words.say("unknown"))

    def blank(self, key: str, value: str = "", **values: object) -> None:
        """A field; without a value two dotted lines, to be filled in by hand, on an issued paper too."""
        self.add("field", label=self.words.say(key, **values), value=one_line(value), lines=2)

    def receipt(self, role: str) -> None:
        """What stands on the back of a form: handed over in person, when, to whom."""
        say = self.words.say
        self.add("back", text=say("given", role=role))
        self.add("pairs", signs=[self.sign([], "", ""), self.sign([say("sign_receiver")], "", say("sign_note"))])

    def listed(self, key: str, values: Iterable[str], *, empty: str = "none") -> None:
        """A field with several values, one after the other."""
        self.field(key, "; ".join(one_line(value) for value in values), empty=empty)

    def bases(self, values: Iterable[str]) -> None:
        """What the paper rests on, each in a line of its own."""
        for value in values:
            self.add("italic", text=self.words.say("basis", basis=one_line(value).rstrip(";.")))

    def case(self, vehicle: Vehicle, act: StatedAct) -> None:
        """Vehicle, time and place, act, as the notice had them."""
        self.field("vehicle", w.vehicle_words(vehicle))
        self.field("time_place", w.time_and_place(act))
        self.para("act", act=act.wording, clause=w.clause_words(act))

    def person(self, party: Party) -> None:
        """The owner as the forms of TT 73/2024/TT-BCA name them."""
        self.field("owner", party.name)
        self.field("owner_id", party.id_number)
        self.field("owner_address", party.address)

    def foot(self, letter: Letter, recipients: Iterable[str] = (), *, note: str = "signed") -> None:
        """Whom it goes to, and the block of the signature, its title in lines as they stand."""
        say = self.words.say
        self.add(
            "foot",
            recipients_title=say("recipients_title"),
            recipients=[say("as_above"), *(say("recipient", to=each) for each in recipients), say("filed")],
            sign={**self.sign(letter.signer.title, letter.signer.name, say(note)), "signed": self._signed(letter)},
        )

    def _signed(self, letter: Letter) -> list[str]:
        """Who signed by key; empty where there is room for a signature by hand."""
        signer, say = letter.signer, self.words.say
        if signer.signed_at is None:
            return []
        title = ", ".join(one_line(line) for line in signer.title)
        at = w.second_in_words(signer.signed_at)
        return [say("signed_by", name=signer.name), say("signed_as", title=title), say("signed_at", at=at)]

    def sign(self, title: Iterable[str], name: str, note: str, *, room: bool = True) -> Block:
        return {"title": [one_line(line) for line in title], "name": one_line(name), "note": note, "room": room}

    def pdf(self, *, size: str = "a4", landscape: bool = False) -> bytes:
        """The paper."""
        return compiled(
            self._blocks,
            title=self._title,
            author=one_line(self._office.unit_in_text),
            made_at=self._made_at,
            draft=self.words.say("draft_mark") if self.draft else "",
            size=size,
            landscape=landscape,
        )

    def _nothing(self, key: str) -> str:
        """A word; "" for dots. That there is none is a word on a paper for the pen too: nothing waits to be said."""
        dots = self.draft or (self._by_hand and key == "nothing_known")
        return "" if dots else self.words.say(key)
