"""The scenarios as data: the kind of patients, and the problems in the lab."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.simulate.tubes.cytometer import THREE_LASERS, WIDE_SCALE, Cytometer
from pipeline.study.errors import UsageError

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named situation. Ranges are drawn log-uniformly per patient.

    Attributes
    ----------
    title
        The purpose in one sentence.
    aberrant_percent, normal_percent
        Plasma cells in percent of the cells; `aberrant_cells` sets their expected number instead.
    washout_weeks
        Weeks from the last daratumumab to the marrow.
    cd138_factor
        Factor on the clone's CD138.
    dim_fraction
        Fraction of the clone with a tenth of its CD38.
    drift
        Relative loss of light from the first to the last event of a tube.
    bead_volts
        Volts added to the CD38 detector for the bead run only.
    gain
        Factor on the gain of the CD38 detector all day, for beads and tubes (by its voltage).
    relabelled
        Pairs of markers whose antibodies were swapped at the bench; the panel sheet does not show it.
    lot_cv, f_p_cv
        CV of the lot's assigned values, and of the panel's F:P, against the truth.
    other_lot
        The beads sheet carries the values of another lot.
    kit
        `quantibrite_pe` or `qsc`.
    control_share
        Events of the control tube as a fraction of the stained tube's.
    """

    name: str
    title: str
    cytometers: tuple[Cytometer, ...] = (THREE_LASERS,)
    aberrant_percent: Range = (0.5, 20.0)
    normal_percent: Range = (0.04, 0.3)
    aberrant_cells: Range | None = None
    washout_weeks: Range = (4.0, 110.0)
    cd138_factor: float = 1.0
    dim_fraction: float = 0.0
    spillover_in_file: bool = True
    clog: bool = False
    drift: float = 0.01
    bead_volts: float = 0.0
    gain: float = 1.0
    relabelled: tuple[tuple[str, str], ...] = ()
    lot_cv: float = 0.004
    f_p_cv: float = 0.004
    other_lot: bool = False
    kit: str = "quantibrite_pe"
    control_share: float = 0.5


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("plain", "A good day: every patient, every washout."),
    Scenario(
        "masked",
        "Daratumumab was given days to weeks ago: it occupies CD38 on plasma cells and sentinels alike.",
        washout_weeks=(1.0, 9.0),
    ),
    Scenario(
        "rare",
        "Few plasma cells: 0.06 to 0.3 percent.",
        aberrant_percent=(0.06, 0.3),
        normal_percent=(0.005, 0.03),
        control_share=1.0,
    ),
    Scenario("no_matrix", "The FCS files carry no spillover matrix.", spillover_in_file=False),
    Scenario("clog", "The flow is disturbed for a stretch of each stained tube.", clog=True),
    Scenario("drift", "The light fades by a fifth during each tube.", drift=0.2),
    Scenario(
        "dim_cd138",
        "The plasma cells have lost most of their CD138, as under daratumumab and in old samples.",
        cd138_factor=0.08,
    ),
    Scenario(
        "bimodal",
        "Two fifths of the clone carry a tenth of the CD38.",
        dim_fraction=0.4,
        washout_weeks=(26.0, 110.0),
    ),
    Scenario(
        "no_plasma_cells",
        "No plasma cell in the tube: nothing to quantify.",
        aberrant_percent=(1e-9, 1e-9),
        normal_percent=(1e-9, 1e-9),
    ),
    Scenario(
        "low_events",
        "About 5 to 18 plasma cells a tube: too few for a receptor density.",
        aberrant_cells=(4.0, 13.0),
        normal_percent=(1e-3, 3e-3),
        control_share=1.0,
    ),
    Scenario(
        "wrong_voltage",
        "The beads were acquired 25 V above the tubes on the CD38 detector.",
        bead_volts=25.0,
    ),
    Scenario(
        "mislabelled_channel",
        "CD138 and CD56 were swapped at the bench: $PnS says so, the panel sheet does not.",
        relabelled=(("CD138", "CD56"),),
    ),
    Scenario("swapped_lot", "The beads sheet carries the values of another lot.", other_lot=True),
    Scenario("clipped_beads", "The CD38 detector is set so high that the top bead is cut off.", gain=12.0),
    Scenario("wide_scale", "Another cytometer, scale and panel; pulse width.", cytometers=(WIDE_SCALE,)),
    Scenario("qsc", "Antibody-binding beads with a blank in place of PE beads.", kit="qsc", gain=0.7),
    Scenario(
        "demo",
        "A small study of everything that a lab meets: the one in fcs_samples/demo.",
        cytometers=(THREE_LASERS, WIDE_SCALE),
        aberrant_percent=(4.0, 20.0),
        lot_cv=0.02,
        f_p_cv=0.02,
    ),
    Scenario(
        "validation",
        "Tubes that validate the assay: the study in fcs_samples/validation.",
        lot_cv=0.02,
        f_p_cv=0.02,
    ),
    Scenario(
        "course",
        "Patients who came back after the same dose: the study in fcs_samples/course.",
        aberrant_percent=(34.0, 42.0),
        lot_cv=0.02,
        f_p_cv=0.02,
    ),
    Scenario("faulty", "A tiny study that shows what bad input gets: the one in fcs_samples/faulty."),
)


def scenario_named(name: str) -> Scenario:
    """Return a scenario by its name.

    Raises
    ------
    UsageError
        If there is no such scenario; the text lists all.

    Examples
    --------
    >>> scenario_named("clog").clog
    True
    """
    chosen = {scenario.name: scenario for scenario in SCENARIOS}.get(name)
    if chosen is None:
        names = ", ".join(scenario.name for scenario in SCENARIOS)
        raise UsageError(f"no scenario {name!r}; there are {names}")
    return chosen
