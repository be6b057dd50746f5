"""The door of the page: who may ask, and by what it is known."""
