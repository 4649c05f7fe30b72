"""The identity provider: asked by OpenID Connect Core 1.0, believed by the strictest of rules."""

from app.gateways.oidc.kept import ProviderAway, ProviderFailed
from app.gateways.oidc.provider import Demand, Provider, Registration, new_demand

__all__ = ["Demand", "Provider", "ProviderAway", "ProviderFailed", "Registration", "new_demand"]
