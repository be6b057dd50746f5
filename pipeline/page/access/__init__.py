"""Who may send requests to the page, and how the server knows them."""
