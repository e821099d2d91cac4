"""The same list by other means: what the product's pages are compared with."""
