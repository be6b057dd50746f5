"""FlowJo 10 workspaces: the tube, one population, its axes, and its gates as FlowJo applies them."""
