"""The door of the page: who may send requests, and how the server knows them."""
