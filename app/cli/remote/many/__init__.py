"""Options that describe many things, and doing the same to all of them."""
