"""The checks of the acceptance table: what each reads, how it grades it, and the list of all."""
