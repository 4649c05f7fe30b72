"""The page of permissions, roles and scopes, from the code that defines them."""

from app.domain.permissions import BUILT_IN, OF_SCOPE, PERMISSIONS
from docs.markdown import page, table


def permissions_page() -> str:
    """Return the page of permissions: what each allows, and which roles and scopes hold it."""
    held = [role.permissions for role in BUILT_IN.values()]
    rows = [
        (f"`{name}`", text, *("yes" if name in one else "" for one in held))
        for name, text in PERMISSIONS.items()
    ]
    scopes = [
        (f"`{name}`", ", ".join(f"`{one}`" for one in PERMISSIONS if one in OF_SCOPE[name]))
        for name in OF_SCOPE
    ]
    roles = [
        (f"`{role.name}`", role.description, "everything" if role.sees_all else "their own")
        for role in BUILT_IN.values()
    ]
    return page(
        "Permissions",
        "What one may be allowed to do. Roles hold permissions; people hold roles, see "
        "[Users and roles](../howto/users-and-roles.md). `GET /api/permissions` gives this list.",
        table(("Permission", "Allows to", *(f"`{name}`" for name in BUILT_IN)), *rows),
        "## Roles of the product",
        "They can't be changed. Who sees their own sees what they own and started, and what "
        "belongs to the projects of which they are members.",
        table(("Role", "What it is", "Sees"), *roles),
        "## Scopes of API keys",
        "A key may do what its scopes stand for; one with an owner no more than the owner may.",
        table(("Scope", "Stands for"), *scopes),
    )
