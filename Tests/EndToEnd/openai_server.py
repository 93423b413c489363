"""A server that speaks OpenAI's API on loopback, and holds every body against OpenAI's own types."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
import struct

import pydantic
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.embedding_create_params import EmbeddingCreateParams

from loopback import LoopbackHandler, LoopbackServer

#: Keys that are no parameter of OpenAI's are as wrong as values of a wrong type.
_STRICT = {"strict": False, "extra": "forbid"}
_CHAT = pydantic.TypeAdapter(CompletionCreateParamsNonStreaming)
_EMBEDDING = pydantic.TypeAdapter(EmbeddingCreateParams)
DIMENSIONS = 1536
WORDS = ["joy", "hope", "dread", "awe", "grief", "calm", "envy", "love"]

FAULTS = {
    "rate limit": (429, {"error": {"message": "slow", "type": "requests", "code": "rate_limit_exceeded"}}),
    "no credit": (429, {"error": {"message": "pay", "type": "insufficient_quota", "code": "insufficient_quota"}}),
    "bad key": (401, {"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_api_key"}}),
    "overloaded": (503, {"error": {"message": "busy", "type": "server_error", "code": "server_is_overloaded"}}),
}


@dataclasses.dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: dict


def unit_vector(text: str) -> list[float]:
    """A vector of length 1, the same for the same text."""
    seed = hashlib.sha256(text.encode()).digest()
    raw = [seed[index % 32] - 127.5 + index % 7 for index in range(DIMENSIONS)]
    length = sum(value * value for value in raw) ** 0.5
    return [value / length for value in raw]


def packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def packed_unit_vector(text: str) -> str:
    return packed(unit_vector(text))


def nearly(left: str, right: str) -> bool:
    values = [struct.unpack(f"<{DIMENSIONS}f", base64.b64decode(text)) for text in (left, right)]
    return all(abs(a - b) < 1e-5 for a, b in zip(*values, strict=True))


def annotations(question: str) -> dict:
    """The annotations of the titles that a question holds."""
    emotions = [{"name": word, "intensity": 0.9 - index / 10} for index, word in enumerate(WORDS)]
    ids = re.findall(r'"id":\s*"(\d+)"', question)
    return {"titles": [{"id": each, "plot_emojis": ["🎬", "🌊", "🏠"], "watcher_emotions": emotions} for each in ids]}


def _chat(body: dict) -> dict:
    name = body["response_format"]["json_schema"]["name"]
    if name == "mood":
        emotions = [{"name": "pride", "intensity": 0.8}, {"name": "loneliness", "intensity": 0.6}]
        content = {"emotions": emotions, "language": "en", "sureness": 0.9}
    else:
        content = annotations(body["messages"][-1]["content"])
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {"role": "assistant", "content": json.dumps(content), "refusal": None},
            }
        ],
        "usage": {"prompt_tokens": 321, "completion_tokens": 45, "total_tokens": 366},
    }
    ChatCompletion.model_validate(answer)
    return answer


def _embeddings(body: dict) -> dict:
    texts = body["input"]
    assert len(texts) <= 2048 and all(texts), "limits of the API"
    make = packed_unit_vector if body.get("encoding_format") == "base64" else unit_vector
    data = [{"object": "embedding", "index": index, "embedding": make(text)} for index, text in enumerate(texts)]
    answer = {
        "object": "list",
        # OpenAI promises the index, not the order.
        "data": data[::-1],
        "model": body["model"],
        "usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)},
    }
    if make is unit_vector:
        CreateEmbeddingResponse.model_validate(answer)
    return answer


class Vendor(LoopbackServer):
    def __init__(self):
        super().__init__(_Handler)
        self.requests: list[Request] = []
        #: What the types say of bodies that are not as OpenAI wants them.
        self.invalid: list[str] = []
        #: One of FAULTS, "not json", "refusal", "hang up", or None.
        self.fault: str | None = None


class _Handler(LoopbackHandler):
    protocol_version = "HTTP/1.1"
    server: Vendor

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        chat = self.path == "/v1/chat/completions"
        try:
            body = json.loads(raw)
            if not chat and self.path != "/v1/embeddings":
                raise ValueError(f"no such path: {self.path}")
            valid = (_CHAT if chat else _EMBEDDING).validate_python(body, **_STRICT)
            # Pydantic looks at the members of an Iterable only when they are taken.
            list(valid.get("messages", []))
            answer = (_chat if chat else _embeddings)(body)
        except Exception as error:
            self.server.invalid.append(f"{self.path}: {error}: {raw[:2000]!r}")
            self.answer(400, {"error": {"message": str(error), "type": "invalid_request_error"}})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Request(self.path, headers, body))
        fault = self.server.fault
        if fault in FAULTS:
            self.answer(*FAULTS[fault])
        elif fault == "hang up":
            self.close_connection = True
        elif fault == "not json":
            answer["choices"][0]["message"]["content"] = "I feel that you are proud."
            self.answer(200, answer)
        elif fault == "refusal":
            answer["choices"][0]["message"] |= {"content": None, "refusal": "I can't help with that."}
            self.answer(200, answer)
        else:
            self.answer(200, answer)
