"""What each subcommand of `cd38rd` does with a study, and what it prints."""
