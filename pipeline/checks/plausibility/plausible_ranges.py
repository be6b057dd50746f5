"""Limits of typed values: outside the wide limits a value is refused, outside the narrow ones flagged."""

from __future__ import annotations

from typing import Final

FIRST_MYELOMA_DRUG: Final = 1958
"""Year of the first drug of myeloma, melphalan (doi:10.1182/blood-2007-10-078022); no earlier dose is
possible."""
FIRST_FCS_FILE: Final = 1984
"""Year of the first standard of FCS files (doi:10.1002/cyto.a.20825): no tube of a study is older."""
DAYS_OF_SLACK: Final = 1
"""Days after today that do not count as future, since time zones differ. Convention: no two time zones are
farther apart."""
MOST_PAUSE_DAYS: Final = 1826
"""Most days between two doses, or from the last dose to the tube, without a warning: 5 years. Convention:
after longer an antibody is rarely given again or its washout measured; an error in the year is likelier."""
YEARS_OF_SLACK: Final = 2
"""Years by which a typed age may differ from the age on the compared day. Convention: the typed age may be
that at diagnosis or at consent, a year before or after."""

ADULT_YEARS: Final = 18
"""Age in years below which there is a warning, since myeloma is a disease of old people. Convention: the age
of majority."""
OLDEST_PATIENT: Final = 105
"""Age in years above which there is a warning. Convention: trials have had no older patient."""
LEAST_WEIGHT_KG: Final = 20.0
"""Least weight of an adult; below it the unit or the decimal comma is wrong. Convention: half the weight of a
small woman who has lost a third of it."""
USUAL_WEIGHT_KG: Final = (35.0, 200.0)
"""Weights of adults; outside there is a warning. Convention: body mass indices of about 14 to 60."""
LEAST_ALBUMIN_G_L: Final = 10.0
"""Albumin below which the number is in g/dL: adults have 35 to 50 g/L, and nobody survives 10 for long.
Convention: between the two units, 3.5 to 5 and 35 to 50, lies a gap."""
USUAL_ALBUMIN_G_L: Final = (15.0, 60.0)
"""Albumin in disease; outside there is a warning. Convention: the normal 35 to 50 g/L, lower in disease and
higher with too little water."""
MOST_SERUM_UG_ML: Final = 5000.0
"""Serum level above which the number is in ng/mL, since no serum has so much. The mean peak of 16 mg/kg
weekly is 915 µg/mL (label; doi:10.1007/s40262-017-0598-1)."""
USUAL_SERUM_UG_ML: Final = 1500.0
"""Serum level above which there is a warning: the mean peak plus more than an SD of 410 µg/mL. Vendor: the
label of daratumumab."""
SERUM_ANY_TIME_UG_ML: Final = 20.0
"""Serum level up to which there is no warning after any washout; a number in ng/mL is larger. Convention: the
rest of a high peak after six half-lives."""
SERUM_HALF_LIFE_DAYS: Final = 28.0
"""Half-life for the highest possible level after the last dose. With saturated targets it is 18 days, SD 9
(label of daratumumab); this one is long. Vendor."""
MOST_CONTROL_DAYS: Final = 10_957.0
"""Days of disease control, or of treatment, above which a value is refused: 30 years, longer than the drugs
exist. Convention: the first antibody against CD38 was given in 2008."""
USUAL_CONTROL_DAYS: Final = 5_479.0
"""Days of disease control, or of treatment, above which there is a warning: 15 years. Convention: longer than
the follow-up of any trial of these drugs."""
MOST_INFUSIONS: Final = 300
"""Infusions of a drug above which there is a warning: weekly for almost 6 years. Convention: by the labels
about 23 in the first year and 13 in each later year."""
MOST_PRIOR_LINES: Final = 20
"""Lines of treatment above which there is a warning: the heavily treated patients of SIRIUS had 2 to 14
(doi:10.1016/S0140-6736(15)01120-4). Convention: a few more than in SIRIUS."""
NEXT_DOSE_DAYS: Final = 15
"""Most days between doses in weekly and two-weekly treatment, plus a day. Vendor: the label of
daratumumab."""
LEAST_TROUGH_UG_ML: Final = 2.0
"""Trough soon after another dose below which there is a warning: a number in mg/mL is below 1, and hundreds
of µg/mL are usual. Convention: above 1, and far below the usual."""
ISS_STAGES: Final = 3
"""Number of stages of the International Staging System, doi:10.1200/JCO.2005.04.242."""
R2_ISS_STAGES: Final = 4
"""Number of stages of the second revision of the ISS, doi:10.1200/JCO.21.02614."""

PE_F_P: Final = (0.5, 2.0)
"""Usual F:P of PE conjugates: PE is larger than the antibody, and QuantiBRITE needs 1:1 conjugates.
Vendor."""
USUAL_F_P: Final = (0.3, 12.0)
"""Usual F:P of conjugates of other dyes: FITC has 3 to 7, large proteins and tandems have about 1. Vendor."""
POSSIBLE_PE_F_P: Final = (0.1, 10.0)
"""Possible F:P of a PE conjugate; others are refused: no antibody carries ten proteins of 240 kDa. Vendor."""
POSSIBLE_F_P: Final = (0.03, 50.0)
"""Possible F:P of a conjugate; others are refused: an antibody has about 80 lysines, and few of them are
free. Vendor."""
USUAL_F_P_SD: Final = 0.5
"""SD of the F:P, as a fraction of it, above which there is a warning; an SD above the F:P is refused.
Convention: data sheets give F:P to 5 to 20 %."""

LOT_FACTOR: Final = 5.0
"""Factor by which the limits of `BeadKit.brightest` are narrowed for a warning: those limits are ten times
outside the makers' sheets, so a factor of two is left. Vendor."""
IMPOSSIBLE_LOT: Final = 2.0
"""Factor by which the limits of `BeadKit.brightest` are narrowed for an error: a factor of five outside the
makers' sheets is left. So a factor of ten in all levels, which no curve shows, is refused. Vendor."""
PLAUSIBLE_LEVELS: Final = (1e-2, 1e9)
"""Possible assigned values of any kit: beads of 7 µm have room for 1e8 antibodies. Arithmetic."""
LEVEL_STEPS: Final = (1.15, 30.0)
"""Usual ratio of a level to the level below it: it is 2 to 11 in the kits' sheets. Vendor."""
USUAL_CV: Final = 0.25
"""CV of assigned values or of an F:P, as a fraction, above which there is a warning. Convention: makers' lots
differ by about 5 to 15 %."""
LEAST_ASSIGNED_CV: Final = 0.001
"""CV of a lot's assigned values, as a fraction, below which it is refused: no assignment is so exact, and 0
would leave the lot out of the interval. Convention: far below the 5 to 15 % by which makers' lots differ."""
HIGHEST_USUAL_CV: Final = 0.5
"""CV, as a fraction, from which a value is refused: it would say nothing, and 1 means 1 %. Convention:
between a useful CV and a percentage."""
BEYOND_SCALE: Final = 100.0
"""Multiple of the end of scale ($PnR) above which a threshold or range is refused; $PnR itself may be wrong
by less. Convention: two decades, more than any rescaling of a file."""
MOST_SCALE: Final = 1e9
"""End of scale of any cytometer, if a file does not say it. Convention: far above 2^24, the largest usual
one."""
