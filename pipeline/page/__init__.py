"""The page in the browser: a server for this computer only, which does the same as the commands."""
