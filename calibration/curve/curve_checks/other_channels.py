"""Other channels beside the calibrated one on the same beads, and the check of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.curve.acceptance_limits import CurveVerdict
from calibration.curve.table_rows import CheckedValue, CheckName, TableRow
from calibration.numbers import Z_95_ONE_SIDED


@dataclass(frozen=True, slots=True)
class ChannelComparison:
    """Another channel beside the calibrated one, on the same beads.

    Attributes
    ----------
    more_light
        How surely the other channel collects more photoelectrons (positive) or fewer (negative), in SDs.
    narrower
        The same of the beads' whole width, electronic noise included.
    """

    more_light: float
    narrower: float

    @property
    def doubtful(self) -> bool:
        """Whether the other detector is surely better, or the calibrated one is not shown to be better."""
        return self.more_light > Z_95_ONE_SIDED or (
            self.more_light > -Z_95_ONE_SIDED and self.narrower > -Z_95_ONE_SIDED
        )


@dataclass(frozen=True, slots=True)
class ComparedChannels:
    """A calibrated channel, and the other channels that see the same beads, by name."""

    channel: str
    others: Sequence[tuple[str, ChannelComparison]]


def _brighter_elsewhere(channels: ComparedChannels, limit: None) -> CheckedValue | None:
    del limit
    compared, channel = channels.others, channels.channel
    if not compared:
        return None
    name, worst = max(compared, key=lambda named: (named[1].doubtful, named[1].more_light))
    if not worst.doubtful:
        rivals = (
            "the other channel that sees" if len(compared) == 1 else f"any of {len(compared)} others that see"
        )
        text = f"{channel} collects more light of these beads than {rivals} them."
        return worst.more_light, CurveVerdict.ACCEPT, text
    how = "more" if worst.more_light > Z_95_ONE_SIDED else "no less"
    text = (
        f"{name} collects {how} light of these beads than {channel} ({worst.more_light:+.1f} SD by photon "
        f"counting): is {channel} the dye's own detector?"
    )
    return worst.more_light, CurveVerdict.WARN, text


CHANNEL_CHECKS: tuple[TableRow[ComparedChannels], ...] = (
    TableRow(CheckName.BRIGHTER_ELSEWHERE, ComparedChannels, _brighter_elsewhere),
)
"""The check of a bead run's other channels."""
