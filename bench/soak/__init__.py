"""The product under steady load for a while, with a fault every so often; then it is judged."""
