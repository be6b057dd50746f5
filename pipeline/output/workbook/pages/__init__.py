"""The pages of rd.xlsx: how cells look and fit, how pages print, and the file they are written to."""
