"""The limits of what a person may type: beyond some a value cannot be, beyond others somebody should look."""

from __future__ import annotations

from typing import Final

FIRST_MYELOMA_DRUG: Final = 1958
"""Year of the first drug of myeloma, melphalan (doi:10.1182/blood-2007-10-078022): none was given
before."""
FIRST_FCS_FILE: Final = 1984
"""Year of the first standard of FCS files (doi:10.1002/cyto.a.20825): no tube of a study is older."""
DAYS_OF_SLACK: Final = 1
"""Days after today that are no future: clocks differ by the time zone. Convention: no two time zones are
farther apart."""
MOST_PAUSE_DAYS: Final = 1826
"""Days between two doses, or from the last dose to the tube, that are worth a look: 5 years. Convention: an
antibody that was stopped is rarely given again, or waited out, for longer; a slip in the year is
likelier."""
YEARS_OF_SLACK: Final = 2
"""Years by which a typed age may be older or younger than the day it is held against. Convention: an age may
be that at diagnosis or at consent, a year before or after."""

ADULT_YEARS: Final = 18
"""Age from which a patient is an adult; younger is worth a look: myeloma is a disease of the old. Convention:
the age of majority."""
OLDEST_YEARS: Final = 105
"""Age beyond which somebody should look. Convention: trials have had no older patient."""
LEAST_WEIGHT_KG: Final = 20.0
"""No adult weighs less; the unit or the decimal comma is wrong. Convention: half of what a small woman weighs
who has lost a third of it."""
USUAL_WEIGHT_KG: Final = (35.0, 200.0)
"""Weights of adults; beyond, somebody should look. Convention: body mass indices of some 14 to 60."""
LEAST_ALBUMIN_G_L: Final = 10.0
"""Below, the number is one in g/dL: adults have 35 to 50 g/L, and 10 is not survived for long. Convention: a
gap lies between the two units, 3.5 to 5 and 35 to 50."""
USUAL_ALBUMIN_G_L: Final = (15.0, 60.0)
"""Albumin in disease; beyond, somebody should look. Convention: the normal 35 to 50 g/L, widened by disease
below and by thirst above."""
MOST_SERUM_UG_ML: Final = 5000.0
"""More of the drug than in any serum; the number is one in ng/mL. The mean peak of 16 mg/kg weekly is 915
µg/mL (label; doi:10.1007/s40262-017-0598-1)."""
USUAL_SERUM_UG_ML: Final = 1500.0
"""Serum above which somebody should look: the mean peak and more than an SD of 410 µg/mL. Vendor: the label
of daratumumab."""
SERUM_ANY_TIME_UG_ML: Final = 20.0
"""Serum that is asked about after no washout, however long: a number in ng/mL is larger. Convention: what six
half-lives leave of a high peak."""
SERUM_HALF_LIFE_DAYS: Final = 28.0
"""Half-life by which the most that can be left after the last dose falls: that of full targets is 18 days,
SD 9 (label of daratumumab); this is a long one. Vendor."""
MOST_CONTROL_DAYS: Final = 10_957.0
"""Days of disease control, or of treatment, that cannot be: 30 years, longer than the drugs exist.
Convention: the first antibody against CD38 was given in 2008."""
USUAL_CONTROL_DAYS: Final = 5_479.0
"""Days of disease control, or of treatment, beyond which somebody should look: 15 years. Convention: longer
than any trial of these drugs has followed its patients."""
MOST_INFUSIONS: Final = 300
"""Infusions of a drug beyond which somebody should look: weekly for almost 6 years. Convention: labels give
some 23 in the first year and 13 in each that follows."""
MOST_PRIOR_LINES: Final = 20
"""Lines of treatment beyond which somebody should look: the heavily treated patients of SIRIUS had 2 to 14
(doi:10.1016/S0140-6736(15)01120-4). Convention: some more than theirs."""
NEXT_DOSE_DAYS: Final = 15
"""Days within which a dose follows the one before in weekly and two-weekly treatment, and a day of slack.
Vendor: the label of daratumumab."""
LEAST_TROUGH_UG_ML: Final = 2.0
"""Serum before a dose that soon follows another one, below which somebody should look: a number in mg/mL is
below 1, and hundreds of µg/mL are usual. Convention: above the one, far below the other."""
ISS_STAGES: Final = 3
"""Stages of the International Staging System, doi:10.1200/JCO.2005.04.242."""
R2_ISS_STAGES: Final = 4
"""Stages of its second revision, doi:10.1200/JCO.21.02614."""

PE_F_P: Final = (0.5, 2.0)
"""F:P of PE conjugates: PE is larger than the antibody, and QuantiBRITE wants 1:1 conjugates. Vendor."""
USUAL_F_P: Final = (0.3, 12.0)
"""F:P of conjugates of other dyes: FITC has 3 to 7, large proteins and tandems near 1. Vendor."""
POSSIBLE_PE_F_P: Final = (0.1, 10.0)
"""Beyond, the F:P of a PE conjugate cannot be: no antibody carries ten proteins of 240 kDa. Vendor."""
POSSIBLE_F_P: Final = (0.03, 50.0)
"""Beyond, the F:P of no conjugate can be: an antibody has about 80 lysines, and few of them are free.
Vendor."""
USUAL_F_P_SD: Final = 0.5
"""SD of the F:P as a part of it, beyond which somebody should look; an SD above the F:P cannot be.
Convention: data sheets give F:P to 5 to 20 %."""

LOT_FACTOR: Final = 5.0
"""How much nearer than `BeadKit.brightest` the brightest bead should lie: those bounds are ten times beyond
the makers' sheets on each side, so this leaves twice. Vendor."""
IMPOSSIBLE_LOT: Final = 2.0
"""How much nearer than `BeadKit.brightest` the brightest bead must lie: five times beyond the makers' sheets,
so that a factor of ten in all levels, which bends no curve, is refused. Vendor."""
LEVELS: Final = (1e-2, 1e9)
"""Assigned values that can be, of any kit: beads of 7 µm have room for 1e8 antibodies. Arithmetic."""
LEVEL_STEPS: Final = (1.15, 30.0)
"""Times by which a level usually exceeds the one below: 2 to 11 in the kits' sheets. Vendor."""
USUAL_CV: Final = 0.25
"""CV of assigned values or of an F:P, as a fraction, beyond which somebody should look. Convention: makers'
lots differ by some 5 to 15 %."""
MOST_CV: Final = 0.5
"""A CV of half the value or more says that nothing is known; 1 was meant as 1 %. Convention: between a CV
that is still of use and a percentage that was typed as one."""
BEYOND_SCALE: Final = 100.0
"""Times the end of scale ($PnR) beyond which a threshold or range cannot lie; $PnR itself may be wrong by
less. Convention: two decades, more than any rescaling of a file adds."""
MOST_SCALE: Final = 1e9
"""End of scale of any cytometer, where a file's own says nothing. Convention: far above 2^24, the largest
usual one."""
