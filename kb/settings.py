"""Every setting of the product, from `KB_*` environment variables or a `.env` file. An unknown `KB_*` name is an error."""

import difflib
import os
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kb.errors import SettingsInvalid


class Settings(BaseSettings):
    """Built once, in `main` or `create_app`, and passed down. Source of the README's table of settings."""

    model_config = SettingsConfigDict(env_prefix="KB_", env_file=".env", extra="forbid", frozen=True)

    data_dir: Path = Field(Path("./var"), description="Where documents, generations and prepared models are kept.")
    corpus_dir: Path = Field(Path("./corpus"), description="The catalogue, digests, frameworks and patterns shipped with the product.")
    qdrant_url: str | None = Field(None, description="A Qdrant server; unset: the engine runs in this process.")
    qdrant_api_key: SecretStr | None = Field(None, description="Key of that server.")
    embedder: str = Field(
        "bundled",
        description="`bundled` (multilingual-e5-small, 4-bit weights from a package) or `sentence-transformers:<name or path>`.",
    )
    reranker: str | None = Field(None, description="Optional second stage: name or path of a sentence-transformers CrossEncoder.")
    api_keys: SecretStr | None = Field(
        None,
        description="Comma-separated `role:sha256-of-key` pairs; roles `reader`, `editor`. Unset: only this machine reads, nobody writes.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on; another than loopback needs `KB_API_KEYS`.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    allowed_hosts: str | None = Field(
        None, description="Comma-separated names under which others reach this server; this machine's own names are always known."
    )
    audit_days: int = Field(184, ge=1, le=3650, description="Days that events (who, when, which documents) are kept; 184: six months.")
    public_url: str | None = Field(
        None, description="Address under which people reach the server, e.g. `https://kb.example.org`; for sign-in."
    )
    oidc_issuer: str | None = Field(None, description="Issuer of the office's OpenID Connect provider; unset: nobody signs in, keys only.")
    oidc_client_id: str | None = Field(None, description="Name under which that provider knows this server.")
    oidc_client_secret: SecretStr | None = Field(None, description="Secret for that name; unset: a public client (PKCE is always used).")
    oidc_roles_claim: str = Field(
        "roles", description="Claim of the ID token with a person's roles or groups; `realm_access.roles` reads deeper."
    )
    oidc_readers: str | None = Field(None, description="Comma-separated values of that claim that read.")
    oidc_editors: str | None = Field(None, description="Comma-separated values of that claim that also add and erase documents.")
    session_hours: int = Field(8, ge=1, le=24, description="Hours until a signed-in person signs in again.")
    trusted_proxies: str | None = Field(
        None,
        description="Comma-separated addresses of reverse proxies whose `X-Forwarded-For` tells a client's address; unset: nobody's.",
    )
    rate_limit: str | None = Field(
        None,
        description="Requests a key or client may make, such as `600/minute` (which holds where others reach the server), or `off`; "
        "an assessment, a draft, a file or an upload counts as ten.",
    )
    llm: str | None = Field(
        None,
        description="Address of a language model with the OpenAI chat protocol, such as `http://127.0.0.1:11434/v1`, for optional prose "
        "in an assessment; unset: none. On another machine (https only) it is given passages, and facts only where a user says so.",
    )
    llm_model: str = Field("default", min_length=1, max_length=200, description="Name of the model at that address.")
    llm_api_key: SecretStr | None = Field(None, description="Key for that address.")
    llm_timeout_s: int = Field(60, ge=1, le=600, description="Longest wait for one answer of that model, in seconds.")
    threads: int = Field(0, ge=0, le=256, description="CPU threads for embedding; 0: as many as the machine has cores.")
    upload_max_mb: int = Field(50, ge=1, le=1024, description="Largest accepted upload, in MiB.")
    parse_timeout_s: int = Field(60, ge=1, le=3600, description="Wall-clock limit for reading one file, in seconds.")
    contact: str | None = Field(
        None,
        max_length=200,
        description="E-mail or web address at which publishers reach whoever fetches from them; `dublin-kb fetch` asks for it.",
    )
    report_to: str | None = Field(
        None,
        max_length=300,
        description="Mail or web address at which readers report an error in a digest; unset: they are told in words what to do.",
    )
    keep_generations: int = Field(2, ge=1, le=20, description="Old generations kept beside the current one.")

    @classmethod
    def load(cls) -> Self:
        """The settings of this process.

        Raises: SettingsInvalid, naming the unknown variable and the nearest known one, or the value that is out of bounds.
        """
        known = {f"KB_{name.upper()}" for name in cls.model_fields}
        for name in sorted(os.environ):
            if name.upper().startswith("KB_") and name.upper() not in known:
                near = difflib.get_close_matches(name.upper(), sorted(known), n=1)
                hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known))}"
                raise SettingsInvalid(f"unknown setting {name}{hint}")
        try:
            return cls()
        except ValidationError as error:
            problems = "; ".join(
                f"KB_{'.'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors(include_input=False)
            )
            raise SettingsInvalid(f"settings cannot be used: {problems}") from None
