"""Words on the bead kits for the sentences of the columns, made from the registry of kits."""

from __future__ import annotations

from calibration.beads.kits import BEAD_KITS, kit_names
from pipeline.study.wording import enumerate_words

KITS = kit_names()
KIT_SPELLINGS = tuple((word, kit.name) for kit in BEAD_KITS for word in kit.also_typed)
"""Other spellings, and the kit that each means."""

F_P_KITS_IN_WORDS = enumerate_words(kit_names(kit for kit in BEAD_KITS if kit.needs_f_p), "and")
"""Kits that need the F:P of the conjugate, as a list in a sentence."""

CAPTURING_KITS = enumerate_words(kit_names(kit for kit in BEAD_KITS if kit.captures is not None), "and")
VIAL_TELLS = enumerate_words(kit_names(kit for kit in BEAD_KITS if kit.captures == ""), "and")
"""Kits whose vial says which host species they capture."""

ALWAYS_CAPTURED = "; ".join(f"{kit.name}: {kit.captures}" for kit in BEAD_KITS if kit.captures)
"""Kits that capture one host species, with that species."""
