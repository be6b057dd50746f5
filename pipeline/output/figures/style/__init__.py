"""How every figure looks: colours and ticks."""
