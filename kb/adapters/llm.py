"""A language model behind an address that speaks the OpenAI chat protocol (Ollama, llama.cpp, vLLM, or a provider), through LlamaIndex.

Loaded only when `KB_LLM` is set and prose is asked for. It follows no redirect: what goes to this machine stays on it. Nothing sent or
answered is logged.
"""

import ipaddress
from functools import cached_property
from urllib.parse import urlsplit

import httpx
import openai
from llama_index.core.base.llms.types import ChatMessage, LLMMetadata, MessageRole
from llama_index.llms.openai import OpenAI

from kb.errors import LanguageModelFailed, SettingsInvalid

_CONTEXT_TOKENS = 32_768  # told to LlamaIndex; a step with ten passages is far below it
_ANSWER_TOKENS = 1_500


class ChatModel:
    """The model `name` at `address` (`http://127.0.0.1:11434/v1`); fulfils `kb.ports.LanguageModel`.

    Raises: SettingsInvalid for an address that is none, has a name or password in it, or goes to another machine without TLS.
    """

    def __init__(self, address: str, name: str, *, key: str | None = None, timeout_s: int = 60) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsInvalid(f"KB_LLM={address!r} is no address: give one like http://127.0.0.1:11434/v1")
        if parts.username or parts.password:
            raise SettingsInvalid("KB_LLM holds a name or password: put the key into KB_LLM_API_KEY")
        self.name, self.host = name, parts.hostname
        self.is_local = _is_this_machine(parts.hostname)
        if not self.is_local and parts.scheme != "https":
            raise SettingsInvalid(f"KB_LLM goes to {parts.hostname} without TLS: use https:// for a model on another machine")
        self._address, self._key, self._timeout_s = address, key, timeout_s

    @cached_property
    def _model(self) -> "_Endpoint":
        # a proxy of the environment would see what is said to this machine
        line = httpx.Client(follow_redirects=False, trust_env=not self.is_local, timeout=self._timeout_s)
        # empty, not None: the client would take both from the environment, and send them to whatever address is configured
        client = openai.OpenAI(
            api_key=self._key or "none", base_url=self._address, organization="", project="", max_retries=1, http_client=line
        )
        return _Endpoint(
            model=self.name,
            api_base=self._address,
            api_key=self._key or "none",
            temperature=0.0,
            max_tokens=_ANSWER_TOKENS,
            max_retries=1,
            timeout=float(self._timeout_s),
            openai_client=client,
        )

    def complete(self, system: str, user: str) -> str:
        """The answer to one question. Raises: LanguageModelFailed, naming the kind of fault and nothing that was sent."""
        messages = [ChatMessage(role=MessageRole.SYSTEM, content=system), ChatMessage(role=MessageRole.USER, content=user)]
        try:
            answer = self._model.chat(messages)
        except Exception as error:  # whatever the vendor raises: its message may hold what was sent
            raise LanguageModelFailed(f"the language model at {self.host} failed: {type(error).__name__}") from None
        return str(answer.message.content or "")


class _Endpoint(OpenAI):
    """LlamaIndex asks for the size of a model by name and knows only a provider's own names."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(context_window=_CONTEXT_TOKENS, num_output=_ANSWER_TOKENS, is_chat_model=True, model_name=self.model)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
