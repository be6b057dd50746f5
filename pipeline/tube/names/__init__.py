"""Names of channels: the channel of each panel row in a file, and the role that a channel's name suggests."""
