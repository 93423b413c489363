"""The vendors: how our services are pointed at one, and how its own client asks the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import anthropic
import cohere
import groq
import ollama
import openai
import voyageai
from google import genai
from mistralai.client import Mistral

KEY = "sk-vendor-4f0c2e91"
TEXT = "I got the job, and nobody is here to celebrate"
MESSAGES = [{"role": "user", "content": TEXT}]


@dataclasses.dataclass
class Vendor:
    #: As in EMOTION_PROVIDERS or EMBEDDING_PROVIDER.
    name: str
    #: For our service, with the address of the test's server.
    settings: Callable[[str], dict[str, str]]
    #: The forms of the ladder.
    forms: tuple[str, ...] = ("schema", "tool", "object", "text")
    #: Asks as the vendor's own client; None where PyPI has none.
    client: Callable[[str], object] | None = None
    #: Name of the row of checks, where it is not the vendor's.
    check: str | None = None

    @property
    def row(self) -> str:
        return self.check or self.name

    def __str__(self) -> str:
        return self.row


def _access(prefix: str, path: str = "", **more: str):
    def settings(url: str) -> dict[str, str]:
        return {f"{prefix}_API_KEY": KEY, f"{prefix}_BASE_URL": url + path} | more

    return settings


def _openai(url: str, path: str = "/v1"):
    return openai.OpenAI(api_key=KEY, base_url=url + path, max_retries=0)


def _azure(url: str):
    return openai.AzureOpenAI(api_key=KEY, azure_endpoint=url, api_version="2024-10-21", max_retries=0)


def _gemini(url: str, ask: Callable):
    # The client closes its connections when nobody holds it any more.
    client = genai.Client(api_key=KEY, http_options={"base_url": url})
    return ask(client.models)


def _azure_v1(url: str):
    return openai.OpenAI(api_key=KEY, base_url=f"{url}/openai/v1", default_headers={"api-key": KEY}, max_retries=0)


def _chat(client, model="m"):
    return client.chat.completions.create(model=model, messages=MESSAGES)


CLASSIC = {"AZURE_OPENAI_API_VERSION": "2024-10-21"}

CHAT = [
    Vendor("openai", _access("OPENAI", "/v1"), client=lambda url: _chat(_openai(url))),
    Vendor(
        "openai-responses",
        _access("OPENAI", "/v1"),
        client=lambda url: _openai(url).responses.create(model="m", input=TEXT, store=False),
    ),
    Vendor(
        "azure",
        _access("AZURE_OPENAI", AZURE_OPENAI_CHAT_DEPLOYMENT="dep"),
        client=lambda url: _chat(_azure_v1(url), "dep"),
    ),
    Vendor(
        "azure",
        _access("AZURE_OPENAI", AZURE_OPENAI_CHAT_DEPLOYMENT="dep", **CLASSIC),
        client=lambda url: _chat(_azure(url), "dep"),
        check="azure-classic",
    ),
    Vendor(
        "anthropic",
        _access("ANTHROPIC"),
        ("schema", "tool", "text"),
        client=lambda url: anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0).messages.create(
            model="m", max_tokens=9, messages=MESSAGES
        ),
    ),
    Vendor(
        "gemini",
        _access("GEMINI", "/v1", GEMINI_CHAT_MODEL="m"),
        client=lambda url: _gemini(url, lambda models: models.generate_content(model="m", contents=TEXT)),
    ),
    Vendor(
        "ollama",
        _access("OLLAMA"),
        ("schema", "object", "text"),
        client=lambda url: ollama.Client(url).chat(model="m", messages=MESSAGES),
    ),
    Vendor(
        "mistral",
        _access("MISTRAL", "/v1"),
        client=lambda url: Mistral(api_key=KEY, server_url=url).chat.complete(model="m", messages=MESSAGES),
    ),
    Vendor(
        "groq",
        _access("GROQ", "/openai/v1"),
        client=lambda url: _chat(groq.Groq(api_key=KEY, base_url=url, max_retries=0)),
    ),
    Vendor("openrouter", _access("OPENROUTER", "/api/v1")),
    Vendor("vllm", _access("VLLM", "/v1", VLLM_CHAT_MODEL="m")),
    Vendor("lmstudio", _access("LMSTUDIO", "/v1", LMSTUDIO_CHAT_MODEL="m"), ("schema", "text")),
    Vendor("compatible", _access("COMPATIBLE", "/x/v1", COMPATIBLE_CHAT_MODEL="m")),
    Vendor("tei", _access("TEI"), ()),
]

EMBEDDINGS = [
    Vendor(
        "openai",
        _access("OPENAI", "/v1", OPENAI_EMBEDDING_MODEL="m"),
        client=lambda url: _openai(url).embeddings.create(model="m", input=["a"]),
    ),
    Vendor(
        "azure",
        _access("AZURE_OPENAI", AZURE_OPENAI_EMBEDDING_DEPLOYMENT="dep"),
        client=lambda url: _azure_v1(url).embeddings.create(model="dep", input=["a"]),
    ),
    Vendor(
        "azure",
        _access("AZURE_OPENAI", AZURE_OPENAI_EMBEDDING_DEPLOYMENT="dep", **CLASSIC),
        client=lambda url: _azure(url).embeddings.create(model="dep", input=["a"]),
        check="azure-classic",
    ),
    Vendor(
        "gemini",
        _access("GEMINI", "/v1", GEMINI_EMBEDDING_MODEL="m"),
        client=lambda url: _gemini(url, lambda models: models.embed_content(model="m", contents=["a", "b"])),
    ),
    Vendor(
        "cohere",
        _access("COHERE"),
        client=lambda url: cohere.ClientV2(api_key=KEY, base_url=url).embed(
            model="m", texts=["a"], input_type="search_document", embedding_types=["float"]
        ),
    ),
    Vendor(
        "voyage",
        _access("VOYAGE", "/v1"),
        client=lambda url: voyageai.Client(api_key=KEY, base_url=f"{url}/v1").embed(["a"], model="m"),
    ),
    Vendor(
        "mistral",
        _access("MISTRAL", "/v1", MISTRAL_EMBEDDING_MODEL="m"),
        client=lambda url: Mistral(api_key=KEY, server_url=url).embeddings.create(model="m", inputs=["a"]),
    ),
    Vendor("ollama", _access("OLLAMA"), client=lambda url: ollama.Client(url).embed(model="m", input=["a"])),
    Vendor("tei", _access("TEI")),
    Vendor("compatible", _access("COMPATIBLE", "/x/v1", COMPATIBLE_EMBEDDING_MODEL="m")),
]
