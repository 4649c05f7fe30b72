"""What the product costs, measured side by side with what its users would otherwise write."""
