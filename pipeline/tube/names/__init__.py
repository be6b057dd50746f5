"""Names: which channel of a file each row of a panel means, and what a channel's name says that it is for."""
