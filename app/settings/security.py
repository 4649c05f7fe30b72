"""Settings of who may come in, and of what stays secret."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from app.domain.setting_fields import Issuer, Key, Keys, Names, Networks, PublicUrl, Roles


class SecuritySettings(BaseModel):
    """Who may come in, and what stays secret."""

    auth_enabled: bool = Field(
        default=False, description="Ask for an API key; needed to listen on other than loopback"
    )
    encryption_key: Key = Field(
        b"", description="Key for secrets in the database, 32 bytes in base64; default: DATA_DIR's"
    )
    encryption_keys_old: Keys = Field(
        (), description="Keys that still decrypt, comma-separated, until all is encrypted anew"
    )
    allowed_origins: Names = Field((), description="Origins of web pages that may call the API")
    trusted_proxies: Networks = Field(
        (), description="Proxies whose X-Forwarded-For says where a request came from"
    )
    rate_limit: int = Field(
        6000, ge=0, le=10_000_000, description="Requests a minute of one caller; 0 is no limit"
    )
    rate_limit_starts: int = Field(
        600, ge=0, le=10_000_000, description="Of them such that start jobs by hand; 0 is no limit"
    )
    rate_limit_strangers: int = Field(
        300, ge=0, le=10_000_000, description="Requests a minute of one address that shows no key"
    )
    audit_retention_days: int = Field(
        400, ge=1, le=36500, description="Days that rows of the audit log are kept"
    )
    public_url: PublicUrl = Field(
        "", description="Where people find the page, such as https://jobs.example.com; for links"
    )
    access_token_seconds: int = Field(
        900, ge=60, le=86400, description="Time for which an access token is valid"
    )
    session_idle_days: int = Field(
        14, ge=1, le=365, description="Days after which a session ends that nobody uses"
    )
    session_max_days: int = Field(
        90, ge=1, le=3650, description="Days after which every session ends"
    )
    oidc_issuer: Issuer = Field(
        "", description="Identity provider that people may sign in through, as its tokens name it"
    )
    oidc_client_id: str = Field("", max_length=255, description="Our name at the provider")
    oidc_client_secret: str = Field(
        "", max_length=1000, repr=False, description="Our secret there; public clients have none"
    )
    oidc_scopes: str = Field(
        "openid profile email",
        pattern=r"^(\S+ )*openid( \S+)*$",
        max_length=500,
        description="What is asked of the provider, divided by spaces",
    )
    oidc_roles_claim: str = Field(
        "realm_access.roles",
        min_length=1,
        max_length=255,
        description="Where its ID token names the roles of a person",
    )
    oidc_role_map: Roles = Field(
        (), description="What they are here: role-there=role-here, comma-separated"
    )
    oidc_default_role: str = Field(
        "", max_length=64, description="Role of whoever has none by the map; without one refused"
    )
    oidc_name: str = Field(
        "", max_length=50, description="Name of the provider on the button; default: its host"
    )

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("OIDC_ISSUER and OIDC_CLIENT_ID must be given together")
        return self
