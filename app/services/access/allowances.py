"""How much one may ask: in general, for starts of jobs, and without saying who one is."""

from app.domain.errors import RateLimited
from app.gateways import broker
from app.gateways.budgets import WINDOW_SECONDS, Account, Budget, Budgets
from app.settings import Settings

__all__ = ["WINDOW_SECONDS", "Account", "Allowances"]


class Allowances:
    """The budgets of one application."""

    def __init__(self, settings: Settings) -> None:
        self.general = Budget("default", settings.rate_limit)
        self.starts = Budget("starts", settings.rate_limit_starts)
        self.strangers = Budget("strangers", settings.rate_limit_strangers)
        url = settings.redis_url or (settings.broker if broker.is_redis(settings.broker) else "")
        self._budgets = Budgets(url, broker.key_prefix())

    def count(self, budget: Budget, who: str, accounts: list[Account]) -> None:
        """Count a request and add how the budget stands.

        Raises :class:`RateLimited` if it is one too many.
        """
        account = self._budgets.count(budget, who)
        if account is None:
            return
        accounts.append(account)
        if not account.is_within:
            seconds = account.reset_seconds
            raise RateLimited(f"too many requests; try again in {seconds} s", seconds)
