"""Settings: the environment, read once into one frozen value."""

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What a deployment may choose; each is the environment variable `MASCOTRY_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="MASCOTRY_", frozen=True)

    home: Path = Path(".mascotry")
    """Where the embedded stack keeps everything."""
    base_url: str = "http://127.0.0.1:8080"
    """The address at which clients reach the API; poll URLs start with it."""
    cdn_url: str | None = None
    """The address of the public bucket; the base URL when it is not given."""
    task_token: SecretStr = SecretStr("")
    """What a task must carry for a step function to accept it (embedded stack)."""
    weights: Path = ROOT / ".models"
    """The folder with the background-removal weights."""
    image_provider: str = "offline"
    video_provider: str = "offline"
    max_body_bytes: int = Field(default=1_000_000, gt=0)
    max_upload_bytes: int = Field(default=10_000_000, gt=0)
    log_level: str = "INFO"


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
