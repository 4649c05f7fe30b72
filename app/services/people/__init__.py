"""People: users, their roles, the projects that they belong to, and how they sign in."""
