"""A server that speaks every vendor's API over HTTP, and notes what it is asked."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import json
import re
import struct
import threading
import time

from loopback import LoopbackHandler, LoopbackServer

DIMENSIONS = 8
MOOD = {
    "emotions": [{"name": "pride", "intensity": 0.8}, {"name": "loneliness", "intensity": 0.6}],
    "language": "en",
    "sureness": 0.9,
}


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: dict
    #: How the answer's form was asked for: schema, tool, object or text.
    form: str | None
    at: float


def vector(text: str) -> list[float]:
    """The same for the same text, and not of length 1."""
    return [byte / 100 + 0.01 for byte in hashlib.sha256(text.encode()).digest()[:DIMENSIONS]]


def unit(text: str) -> list[float]:
    values = vector(text)
    length = sum(value * value for value in values) ** 0.5
    return [value / length for value in values]


def _form(body: dict) -> str:
    """Which rung of the ladder a chat's body stands on, in any vendor's way of saying it."""
    text = json.dumps(body)
    if "tools" in body:
        return "tool"
    generation = body.get("generationConfig", {})
    if '"json_schema"' in text or "responseJsonSchema" in generation or isinstance(body.get("format"), dict):
        return "schema"
    if '"json_object"' in text or "responseMimeType" in generation or body.get("format") == "json":
        return "object"
    return "text"


def content(body: dict) -> str:
    """What a model answers to our question: two emotions, or eight for each title."""
    text = json.dumps(body, ensure_ascii=False)
    if "<titles>" not in text.replace("between <titles>", ""):
        return json.dumps(MOOD)
    ids = re.findall(r'\\"id\\":\s*\\"(\d+)\\"', text)
    words = ["joy", "hope", "dread", "awe", "grief", "calm", "envy", "love"]
    emotions = [{"name": word, "intensity": round(0.9 - index / 10, 1)} for index, word in enumerate(words)]
    titles = [{"id": each, "plot_emojis": ["🎬", "🌊", "🏠"], "watcher_emotions": emotions} for each in ids]
    return json.dumps({"titles": titles})


def _completion(body: dict, content: str, form: str) -> dict:
    message = {"role": "assistant", "content": content, "refusal": None}
    if form == "tool":
        name = body["tools"][0]["function"]["name"]
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": content}}
        message |= {"content": "", "tool_calls": [call]}
    finish = "tool_calls" if form == "tool" else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": body.get("model", "deployment"),
        "choices": [{"index": 0, "finish_reason": finish, "logprobs": None, "message": message}],
        "usage": {"prompt_tokens": 321, "completion_tokens": 45, "total_tokens": 366},
    }


def _response(body: dict, content: str, form: str) -> dict:
    if form == "tool":
        item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "mood", "arguments": content}
    else:
        part = {"type": "output_text", "text": content, "annotations": []}
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
    usage = {
        "input_tokens": 321,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 45,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 366,
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_790_000_000,
        "model": body["model"],
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "output": [item],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage,
    }


def _message(body: dict, content: str, form: str) -> dict:
    block = {"type": "text", "text": content}
    if form == "tool":
        block = {"type": "tool_use", "id": "toolu_1", "name": body["tools"][0]["name"], "input": json.loads(content)}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [block],
        "stop_reason": "tool_use" if form == "tool" else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 321, "output_tokens": 45},
    }


def _candidate(body: dict, content: str, form: str) -> dict:
    part = {"text": content}
    if form == "tool":
        name = body["tools"][0]["functionDeclarations"][0]["name"]
        part = {"functionCall": {"name": name, "args": json.loads(content)}}
    return {
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 321, "candidatesTokenCount": 45, "totalTokenCount": 366},
    }


def _ollama(body: dict, content: str, form: str) -> dict:
    return {
        "model": body["model"],
        "created_at": "2026-11-22T12:00:00Z",
        "message": {"role": "assistant", "content": content},
        "done": True,
        "done_reason": "stop",
        "total_duration": 1,
        "prompt_eval_count": 321,
        "eval_count": 45,
    }


CHATS = {
    "completions": _completion,
    "responses": _response,
    "messages": _message,
    "generateContent": _candidate,
    "chat": _ollama,
}


def _indexed(body: dict) -> dict:
    def written(text: str):
        values = vector(text)
        if body.get("encoding_format") == "base64":
            return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
        return values

    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = [{"object": "embedding", "index": i, "embedding": written(text)} for i, text in enumerate(texts)]
    usage = {"prompt_tokens": 7, "completion_tokens": 0, "total_tokens": 7}
    # The vendors promise the index, not the order.
    return {"id": "embd-1", "object": "list", "data": data[::-1], "model": body.get("model", "m"), "usage": usage}


def _gemini_embeddings(body: dict) -> dict:
    return {"embeddings": [{"values": vector(each["content"]["parts"][0]["text"])} for each in body["requests"]]}


def _embed(body: dict):
    """Three vendors have a path that ends in "embed"."""
    if "texts" in body:
        vectors = [vector(text) for text in body["texts"]]
        meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 7}}
        return {
            "id": "1",
            "response_type": "embeddings_by_type",
            "texts": body["texts"],
            "embeddings": {"float": vectors},
            "meta": meta,
        }
    if "inputs" in body:
        return [vector(text) for text in body["inputs"]]
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    return {"model": body["model"], "embeddings": [vector(text) for text in texts], "prompt_eval_count": 7}


EMBEDDINGS = {"embeddings": _indexed, "batchEmbedContents": _gemini_embeddings, "embed": _embed}
MODELS = {"data": [{"id": "model-a", "object": "model"}, {"id": "model-b", "object": "model"}]}
FORM_REFUSAL = {"error": {"type": "invalid_request_error", "message": "json_schema, tools and json mode: no"}}


class Server(LoopbackServer):
    request_queue_size = 256

    def __init__(self):
        super().__init__(_Handler)
        self.requests: list[Request] = []
        #: Forms that a model is too old for.
        self.refused: set[str] = set()
        #: Takes a request's number and gives (status, headers, body), "hang", or None for an answer.
        self.fault = lambda number: None
        #: Seconds before each answer.
        self.pause = 0.0
        self.lock = threading.Lock()


class _Handler(LoopbackHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise an answer waits for the acknowledgement of its header.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self):
        self._note({}, None)
        self.answer(200, MODELS)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.split("?")[0]
        last = re.split(r"[/:]", path)[-1]
        form = _form(body) if last in CHATS else None
        number = self._note(body, form)
        fault = self.server.fault(number)
        if fault == "hang":
            time.sleep(30)
            return
        if fault:
            status, headers, told = fault
            self.answer(status, told, headers)
            return
        time.sleep(self.server.pause)
        if form in self.server.refused:
            self.answer(400, FORM_REFUSAL)
        elif last in CHATS:
            self.answer(200, CHATS[last](body, content(body), form))
        elif last in EMBEDDINGS:
            self.answer(200, EMBEDDINGS[last](body))
        elif last == "predict":
            self.answer(200, [{"label": "pride", "score": 0.8}, {"label": "loneliness", "score": 0.6}])
        else:
            self.answer(404, {"error": {"message": f"no such path: {path}"}})

    def _note(self, body: dict, form: str | None) -> int:
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.lock:
            self.server.requests.append(Request(self.command, self.path, headers, body, form, time.monotonic()))
            return len(self.server.requests) - 1

    def answer(self, *arguments):
        # A caller that has given up takes nothing.
        with contextlib.suppress(OSError):
            super().answer(*arguments)
