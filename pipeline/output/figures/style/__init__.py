"""How every figure looks: canvas, colours, ticks, labels."""
