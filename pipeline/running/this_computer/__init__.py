"""Worker processes of this computer: the tubes are quantified, and files written, side by side."""
