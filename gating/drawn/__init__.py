"""Gates that a person drew in FlowJo or wrote as GatingML: read, applied, outlined."""
