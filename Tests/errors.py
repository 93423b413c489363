"""What every error of ours must look like."""

from __future__ import annotations

import base64

from running import Answer


def check(answer: Answer, status: int, code: str, field: str | None = None):
    """Checks status, code and form of an error; `field` is what a BadRequest must name, as JSON path."""
    assert answer.status == status, (answer.status, answer.body[:500])
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    body = answer.json
    assert body["code"] == code, body
    assert set(body) <= {"code", "message", "details"}, body
    assert body["message"]
    assert answer.headers.get("x-request-id")
    details = body.get("details", [])
    for detail in details:
        assert set(detail) == {"type", "value", "debug"}, detail
        assert not detail["value"].endswith("=")
        base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4), validate=True)
    info = [detail["debug"] for detail in details if detail["type"] == "google.rpc.ErrorInfo"]
    assert info and info[0]["domain"] == "netflixgpt", body
    assert info[0]["reason"] == info[0]["reason"].upper(), body
    if field is not None:
        assert named_fields(answer) == [field], body


def named_fields(answer: Answer) -> list[str]:
    return [
        violation.get("field", "")
        for detail in answer.json.get("details", [])
        if detail["type"] == "google.rpc.BadRequest"
        for violation in detail["debug"]["fieldViolations"]
    ]
