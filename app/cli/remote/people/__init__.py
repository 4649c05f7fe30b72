"""Commands about people: who is who, who may do what, and signing in."""
