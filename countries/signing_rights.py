"""Whether the office that signed a paper may sanction the act, and as far as it goes, by the law of the country."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from countries.country import Country
from countries.law import LawError
from evidence.acts import ActCode


def right_faults(
    said: Mapping[str, Any], *, act: str, kind: str, occurred_at: datetime, country: Country
) -> Iterator[str]:
    """A sentence for each fault. `said`: what the record says of a signature. The band is of the day of the act, the
    power of the day of signing; for an organisation both are twice as high, so that a person's are compared."""
    try:
        law = country.law.proposal(ActCode(act), kind, occurred_at)
        band = law.most
        power = country.powers.power(str(said["post"]), country.local_date(datetime.fromisoformat(str(said["at"]))))
    except (LawError, KeyError, ValueError) as error:
        yield f"whether the signer had the power cannot be judged: {error}"
        return
    if not power.reaches(law.clause):
        yield (
            f"was signed by {said.get('name')} as {power.words[1]}, who may not sanction {law.clause} at all"
            f" ({power.clauses_reference})"
        )
    if power.most < band:
        yield (
            f"was signed by {said.get('name')} as {power.words[1]}, who may fine up to {power.most:,}; the band of the "
            f"act goes up to {band:,} ({power.reference})"
        )
    for name, recorded, true in (("power", said.get("power"), power.most), ("band", said.get("band_most"), band)):
        if recorded != true:
            yield f"its record gives {recorded} as the {name}, the law {true}"
