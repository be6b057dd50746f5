"""Recovery within a patient: how each patient's density changed, and how much patients differ in that."""
