"""The page in the browser: a server for this computer alone, which does what the commands do."""
