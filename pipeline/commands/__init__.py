"""The work of each subcommand of `cd38rd`, and its printed text."""
