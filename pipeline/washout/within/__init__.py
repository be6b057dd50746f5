"""Recovery within a patient: how each patient's own density changed, and how much patients differ in it."""
