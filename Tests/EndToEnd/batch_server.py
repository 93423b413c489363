"""A server that speaks OpenAI's and Anthropic's batch APIs on loopback, and misbehaves on request."""

from __future__ import annotations

import json
import random
import re
import threading
import urllib.parse

from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from anthropic.types.messages import MessageBatch
from openai.types import Batch
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter

from loopback import LoopbackHandler, LoopbackServer
from openai_server import annotations

_STRICT = {"strict": False, "extra": "forbid"}
_CHAT = TypeAdapter(CompletionCreateParamsNonStreaming)
_MESSAGE = TypeAdapter(MessageCreateParamsNonStreaming)
#: What every single request of a batch counts.
TOKENS_IN, TOKENS_OUT = 2000, 1000
#: Fates that are paid for.
ANSWERED = ("ok", "nonsense", "twice", "cut", "refused")


def titles(line: dict) -> list[str]:
    """The names of the titles that a line is about."""
    return re.findall(r'"name":\s*"(Test Title \d+)"', line["material"])


def _content(line: dict, fate: str) -> str:
    """What the model writes."""
    if fate == "nonsense":
        return "no JSON"
    whole = json.dumps(annotations(line["material"]))
    return whole[: len(whole) // 2] if fate == "cut" else whole


def _anthropic_error(message: str) -> dict:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}


class BatchVendor(LoopbackServer):
    def __init__(self):
        super().__init__(_Handler)
        self.lock = threading.Lock()
        self.files: dict[str, bytes] = {}
        #: In the order of their creation: id, key of the account's metadata, lines, looks so far.
        self.batches: list[dict] = []
        #: The most batches in an answer that lists them.
        self.page = 100
        #: How often a batch is looked at before it has ended.
        self.looks = 2
        #: Names of titles by how often each was paid for: answered with tokens that count.
        self.paid: dict[str, int] = {}
        self.invalid: list[str] = []
        #: Answers to creations that get lost on their way, from the next one on.
        self.lost = 0
        #: Of each line by its number in its batch and by the number of the batch: "ok", "error",
        #: "expire", "nonsense", "missing", "twice", "cut" at the limit of its length, "refused" by the
        #: model, "no money" in the account.
        self.fate = lambda batch, line: "ok"
        #: Names of titles that the model wants nothing to do with: it refuses what they stand in.
        self.unloved: set[str] = set()
        #: Whether the model can be held to a JSON schema.
        self.knows_schemas = True
        #: Whether a whole batch fails its validation, and by what code where it is told.
        self.fails = lambda batch: False
        #: The most lines of batches that have not ended, those beyond fail as a whole: "queue full".
        self.queue: int | None = None
        #: Called before a request is dealt with, with its method and path.
        self.before = lambda method, path: None

    def create(self, vendor: str, lines: list[dict], key: str | None, file: str | None) -> dict:
        with self.lock:
            number = len(self.batches)
            made = {"id": f"batch_{number:04d}", "vendor": vendor, "lines": lines, "key": key, "file": file}
            waiting = sum(len(each["lines"]) for each in self.batches if not each["full"] and not self.ended(each))
            full = self.queue is not None and waiting + len(lines) > self.queue
            self.batches.append(made | {"looks": 0, "number": number, "full": full})
            return self.batches[-1]

    def listed(self, query: str) -> tuple[list[dict], bool]:
        """Batches as a query asks for them, the latest first, and whether there are more."""
        found = self.batches[::-1]
        asked = dict(urllib.parse.parse_qsl(query))
        if last := asked.get("after") or asked.get("after_id"):
            found = found[[each["id"] for each in found].index(last) + 1 :]
        size = min(self.page, int(asked.get("limit", 20)))
        return found[:size], len(found) > size

    def ended(self, batch: dict) -> bool:
        return batch["looks"] > self.looks

    def outcomes(self, batch: dict) -> list[tuple[dict, str]]:
        """Each line with its fate, in no order."""
        found = [(line, self.fate_of(batch, index, line)) for index, line in enumerate(batch["lines"])]
        random.Random(batch["number"]).shuffle(found)
        return found

    def fate_of(self, batch: dict, index: int, line: dict) -> str:
        body = line.get("body") or line["params"]
        if not self.knows_schemas and ("response_format" in body or "output_config" in body):
            return "no schema"
        if self.unloved & set(titles(line)):
            return "refused"
        return self.fate(batch["number"], index)

    def failure(self, batch: dict) -> bool | str:
        """Whether it fails as a whole, or the code by which it does."""
        return "token_limit_exceeded" if batch["full"] else self.fails(batch["number"])

    def pay(self, batch: dict):
        """Counts what its lines cost, once for each batch."""
        with self.lock:
            if batch.get("paid"):
                return
            batch["paid"] = True
            for line, fate in self.outcomes(batch):
                if fate in ANSWERED:
                    for name in titles(line):
                        self.paid[name] = self.paid.get(name, 0) + 1


class _Handler(LoopbackHandler):
    protocol_version = "HTTP/1.1"
    server: BatchVendor

    def do_GET(self):
        self._deal("GET", b"")

    def do_POST(self):
        self._deal("POST", self.rfile.read(int(self.headers["Content-Length"])))

    def _deal(self, method: str, body: bytes):
        path = self.path.split("?")[0]
        self.server.before(method, path)
        try:
            if path.startswith("/v1/messages"):
                status, answer = self._anthropic(method, path, body)
            else:
                status, answer = self._openai(method, path, body)
        except Exception as error:
            self.server.invalid.append(f"{method} {path}: {error!r}")
            status, answer = 400, {"error": {"message": str(error), "type": "invalid_request_error"}}
        creates = method == "POST" and path in ("/v1/batches", "/v1/messages/batches")
        if creates and status == 200 and self.server.lost > 0:
            self.server.lost -= 1
            self.close_connection = True
            return
        self.answer(status, answer)

    # OpenAI

    def _openai(self, method: str, path: str, body: bytes):
        server = self.server
        if (method, path) == ("POST", "/v1/files"):
            boundary = re.fullmatch(r"multipart/form-data; boundary=(\S+)", self.headers["Content-Type"]).group(1)
            parts = body.split(f"--{boundary}".encode())
            assert parts[0] == b"" and parts[-1] == b"--\r\n" and len(parts) == 4, len(parts)
            assert b'name="purpose"\r\n\r\nbatch\r\n' in parts[1]
            name = f"file-{len(server.files)}"
            server.files[name] = parts[2].split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
            return 200, {"id": name, "object": "file", "purpose": "batch"}
        if (method, path) == ("POST", "/v1/batches"):
            asked = json.loads(body)
            assert set(asked) == {"input_file_id", "endpoint", "completion_window", "metadata"}
            assert asked["endpoint"] == "/v1/chat/completions" and asked["completion_window"] == "24h"
            lines = [json.loads(line) for line in server.files[asked["input_file_id"]].splitlines()]
            assert len({line["custom_id"] for line in lines}) == len(lines)
            for line in lines:
                assert line["method"] == "POST" and line["url"] == asked["endpoint"]
                list(_CHAT.validate_python(line["body"], **_STRICT)["messages"])
                line["material"] = line["body"]["messages"][-1]["content"]
            made = server.create("openai", lines, asked["metadata"]["key"], asked["input_file_id"])
            return 200, self._openai_batch(made)
        if (method, path) == ("GET", "/v1/batches"):
            found, more = server.listed(self.path.partition("?")[2])
            return 200, {"object": "list", "data": [self._openai_batch(each) for each in found], "has_more": more}
        if found := re.fullmatch(r"/v1/batches/(\w+)", path):
            batch = next((each for each in server.batches if each["id"] == found.group(1)), None)
            if batch is None:
                return 404, {"error": {"message": "no such batch", "type": "invalid_request_error"}}
            batch["looks"] += 1
            return 200, self._openai_batch(batch)
        if found := re.fullmatch(r"/v1/files/(batch_\d+)-(out|err)/content", path):
            batch = next(each for each in server.batches if each["id"] == found.group(1))
            server.pay(batch)
            return 200, self._openai_results(batch, found.group(2))
        raise ValueError("no such path")

    def _openai_batch(self, batch: dict) -> dict:
        done = self.server.ended(batch)
        failure = done and self.server.failure(batch)
        made = {
            "id": batch["id"],
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": batch["file"],
            "completion_window": "24h",
            "created_at": 1_790_000_000,
            "status": "failed" if failure else "completed" if done else "in_progress",
            "metadata": {"key": batch["key"]},
        }
        if isinstance(failure, str):
            error = {"code": failure, "message": "not taken up", "line": None, "param": None}
            made["errors"] = {"object": "list", "data": [error]}
        if done and not failure:
            made |= {"output_file_id": batch["id"] + "-out", "error_file_id": batch["id"] + "-err"}
        Batch.model_validate(made)
        return made

    def _openai_results(self, batch: dict, which: str) -> bytes:
        written = []
        for line, fate in self.server.outcomes(batch):
            base = {"id": "r", "custom_id": line["custom_id"], "response": None, "error": None}
            if which == "err":
                if fate == "expire":
                    written.append(base | {"error": {"code": "batch_expired", "message": "late"}})
                if fate == "error":
                    body = {"error": {"message": "busy", "type": "server_error"}}
                    written.append(base | {"response": {"status_code": 500, "body": body}})
                if fate == "no schema":
                    body = {"error": {"message": "json_schema is not supported", "type": "invalid_request_error"}}
                    written.append(base | {"response": {"status_code": 400, "body": body}})
                if fate == "no money":
                    body = {"error": {"message": "pay", "type": "insufficient_quota", "code": "insufficient_quota"}}
                    written.append(base | {"response": {"status_code": 429, "body": body}})
                continue
            if fate not in ANSWERED:
                continue
            content = _content(line, fate)
            message = {"role": "assistant", "content": content}
            if fate == "refused":
                message |= {"content": None, "refusal": "I can't help with that."}
            elif "tool_choice" in line["body"]:
                call = {"name": line["body"]["tool_choice"]["function"]["name"], "arguments": content}
                message |= {"content": None, "tool_calls": [{"id": "c", "type": "function", "function": call}]}
            body = {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": "gpt-4o-mini",
                "choices": [{"index": 0, "finish_reason": "length" if fate == "cut" else "stop", "message": message}],
                "usage": {"prompt_tokens": TOKENS_IN, "completion_tokens": TOKENS_OUT, "total_tokens": 3000},
            }
            reply = base | {"response": {"status_code": 200, "request_id": "q", "body": body}}
            written += [reply] * (2 if fate == "twice" else 1)
        return "".join(json.dumps(each) + "\n" for each in written).encode()

    # Anthropic

    def _anthropic(self, method: str, path: str, body: bytes):
        server = self.server
        if (method, path) == ("POST", "/v1/messages/batches"):
            asked = json.loads(body)
            assert set(asked) == {"requests"}
            lines = []
            for request in asked["requests"]:
                assert set(request) == {"custom_id", "params"}
                assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", request["custom_id"])
                list(_MESSAGE.validate_python(request["params"], **_STRICT)["messages"])
                lines.append(request | {"material": request["params"]["messages"][-1]["content"]})
            return 200, self._message_batch(server.create("anthropic", lines, None, None))
        if (method, path) == ("GET", "/v1/messages/batches"):
            found, more = server.listed(self.path.partition("?")[2])
            data = [self._message_batch(each) for each in found]
            return 200, {"data": data, "has_more": more, "first_id": None, "last_id": None}
        if found := re.fullmatch(r"/v1/messages/batches/(\w+)(/results)?", path):
            batch = next(each for each in server.batches if each["id"] == found.group(1))
            if found.group(2):
                assert server.ended(batch)
                if batch.get("gone"):
                    return 404, {"type": "error", "error": {"type": "not_found_error", "message": "gone"}}
                server.pay(batch)
                return 200, self._message_results(batch)
            batch["looks"] += 1
            return 200, self._message_batch(batch)
        raise ValueError("no such path")

    def _message_batch(self, batch: dict) -> dict:
        done = self.server.ended(batch)
        count = len(batch["lines"])
        counts = {"processing": 0 if done else count, "succeeded": count if done else 0}
        made = {
            "id": batch["id"],
            "type": "message_batch",
            "processing_status": "ended" if done else "in_progress",
            "request_counts": {"errored": 0, "canceled": 0, "expired": 0} | counts,
            "created_at": "2026-11-22T12:00:00Z",
            "expires_at": "2026-11-23T12:00:00Z",
            "ended_at": "2026-11-22T13:00:00Z" if done else None,
            "results_url": f"{self.server.url}/v1/messages/batches/{batch['id']}/results" if done else None,
            "archived_at": None,
            "cancel_initiated_at": None,
        }
        MessageBatch.model_validate(made)
        return made

    def _message_results(self, batch: dict) -> bytes:
        written = []
        for line, fate in self.server.outcomes(batch):
            error = {"type": "error", "error": {"type": "api_error", "message": "busy"}}
            content = _content(line, fate)
            block = {"type": "text", "text": content}
            if fate == "refused":
                block["text"] = ""
            elif "tool_choice" in line["params"]:
                name = line["params"]["tool_choice"]["name"]
                block = {"type": "tool_use", "id": "t", "name": name, "input": json.loads(content)}
            message = {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "claude-haiku-5-5",
                "content": [block],
                "stop_reason": {"cut": "max_tokens", "refused": "refusal"}.get(fate, "end_turn"),
                "stop_sequence": None,
                "usage": {"input_tokens": TOKENS_IN, "output_tokens": TOKENS_OUT},
            }
            result = {
                "error": {"type": "errored", "error": error},
                "expire": {"type": "expired"},
                "missing": None,
                "no schema": {"type": "errored", "error": _anthropic_error("output_config.format is not supported")},
                "no money": {"type": "errored", "error": _anthropic_error("Your credit balance is too low")},
            }.get(fate, {"type": "succeeded", "message": message})
            if result:
                times = 2 if fate == "twice" else 1
                written += [{"custom_id": line["custom_id"], "result": result}] * times
        return "".join(json.dumps(each) + "\n" for each in written).encode()
