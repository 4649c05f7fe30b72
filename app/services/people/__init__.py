"""People: users, their roles, the projects that they belong to, and the first of them."""
