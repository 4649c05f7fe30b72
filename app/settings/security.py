"""Settings of who may come in, and of what stays secret."""

from pydantic import BaseModel, Field

from app.domain.setting_fields import Key, Keys, Names, Networks


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
    access_token_seconds: int = Field(
        900, ge=60, le=86400, description="Time for which an access token is valid"
    )
    session_idle_days: int = Field(
        14, ge=1, le=365, description="Days after which a session ends that nobody uses"
    )
    session_max_days: int = Field(
        90, ge=1, le=3650, description="Days after which every session ends"
    )
