"""Holds bodies against the vendors' own types: what they don't know is as wrong as a wrong type."""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path

import cohere
import groq.types.chat.completion_create_params as groq_chat
import jsonschema
import mistralai.client.models as mistral
import ollama._types as ollama_types
import openai.types.chat.completion_create_params as openai_chat
import openai.types.embedding_create_params as openai_embedding
import openai.types.responses.response_create_params as openai_responses
import pydantic
import voyageai
from anthropic.types import message_create_params as anthropic_messages
from google.genai import types as gemini

from running import ROOT

_STRICT = {"strict": False, "extra": "forbid"}


def _typed_dict(kind):
    adapter = pydantic.TypeAdapter(kind)

    def check(body: dict):
        valid = adapter.validate_python(body, **_STRICT)
        # Pydantic looks at the members of an Iterable only when they are taken.
        for value in valid.values():
            if type(value).__name__ == "ValidatorIterator":
                list(value)

    return check


def _model(kind):
    names = {name for field, info in kind.model_fields.items() for name in (field, info.alias) if name}

    def check(body: dict):
        unknown = set(body) - names
        assert not unknown, f"{kind.__name__} knows no {unknown}"
        kind.model_validate(body)

    return check


def _parameters(function):
    names = set(inspect.signature(function).parameters)

    def check(body: dict):
        unknown = set(body) - names
        assert not unknown, f"{function.__qualname__} knows no {unknown}"

    return check


def _gemini_chat(body: dict):
    rest = dict(body)
    for content in rest.pop("contents"):
        gemini.Content.model_validate(content)
    config = rest.pop("generationConfig") | rest
    gemini.GenerateContentConfig.model_validate(config)


def _gemini_embedding(body: dict):
    assert set(body) == {"requests"} and len(body["requests"]) <= 100
    for request in body["requests"]:
        rest = dict(request)
        assert rest.pop("model").startswith("models/")
        content = gemini.Content.model_validate(rest.pop("content"))
        assert len(content.parts) == 1
        gemini.EmbedContentConfig.model_validate(rest)


def _openrouter(body: dict):
    """OpenAI's parameters and two of OpenRouter's own, which have no types on PyPI."""
    rest = dict(body)
    assert rest.pop("provider") == {"require_parameters": True}
    assert rest.pop("usage") == {"include": True}
    openai_compatible(rest)


def _voyage(body: dict):
    assert len(body["input"]) <= 1000
    known = set(inspect.signature(voyageai.Client.embed).parameters) | {"input", "encoding_format"}
    assert set(body) <= known, set(body) - known


def _tei(name: str):
    """A check that raises FileNotFoundError where the schema is not at hand."""
    file = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "schemas" / "tei-openapi.json"

    def check(body: dict):
        document = json.loads(file.read_text())
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.validate(body, schema)
        unknown = set(body) - set(document["components"]["schemas"][name]["properties"])
        assert not unknown, f"{name} knows no {unknown}"

    return check


openai_compatible = _typed_dict(openai_chat.CompletionCreateParamsNonStreaming)

#: By the vendor's name and the last part of a path.
CHECKS = {
    ("openai", "completions"): openai_compatible,
    ("openai-responses", "responses"): _typed_dict(openai_responses.ResponseCreateParamsNonStreaming),
    ("azure", "completions"): openai_compatible,
    ("azure-classic", "completions"): openai_compatible,
    ("anthropic", "messages"): _typed_dict(anthropic_messages.MessageCreateParamsNonStreaming),
    ("gemini", "generateContent"): _gemini_chat,
    ("ollama", "chat"): _model(ollama_types.ChatRequest),
    ("mistral", "completions"): _model(mistral.ChatCompletionRequest),
    ("groq", "completions"): _typed_dict(groq_chat.CompletionCreateParams),
    ("openrouter", "completions"): _openrouter,
    ("vllm", "completions"): openai_compatible,
    ("lmstudio", "completions"): openai_compatible,
    ("compatible", "completions"): openai_compatible,
    ("tei", "predict"): _tei("PredictRequest"),
    ("openai", "embeddings"): _typed_dict(openai_embedding.EmbeddingCreateParams),
    ("azure", "embeddings"): _typed_dict(openai_embedding.EmbeddingCreateParams),
    ("azure-classic", "embeddings"): _typed_dict(openai_embedding.EmbeddingCreateParams),
    ("compatible", "embeddings"): _typed_dict(openai_embedding.EmbeddingCreateParams),
    ("mistral", "embeddings"): _model(mistral.EmbeddingRequest),
    ("voyage", "embeddings"): _voyage,
    ("gemini", "batchEmbedContents"): _gemini_embedding,
    ("cohere", "embed"): _parameters(cohere.ClientV2.embed),
    ("ollama", "embed"): _model(ollama_types.EmbedRequest),
    ("tei", "embed"): _tei("EmbedRequest"),
}
