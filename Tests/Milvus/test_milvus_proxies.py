"""A Milvus behind TLS, and behind several proxies of which one dies."""

from __future__ import annotations

import json
import threading
import time

import pytest
from proxies import Proxy
from watching import eventually, problem_of, ready

import catalogs
from authority import Authority
from running import free_port, send


@pytest.fixture
def proxy(tmp_path, milvus):
    """Starts proxies of the Milvus of the session."""
    made = []

    def make(files=None, *options) -> Proxy:
        made.append(Proxy(tmp_path, milvus.port, files, *options))
        return made[-1].start()

    yield make
    for each in made:
        each.kill()


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path / "authority")


def test_a_milvus_behind_tls_is_used_and_one_without_a_good_certificate_is_not(
    gateways, rows, tmp_path, proxy, authority
):
    front = proxy(authority.issue("proxy", names="DNS:localhost"))
    trusting = {"MILVUS_CA_FILE": str(authority.certificate)}
    store = f"milvuss://localhost:{front.port}?prefix=encrypted"
    system = gateways("trusting", store, **trusting)
    result = system.gateway.run("ingest", str(catalogs.write(tmp_path / "t.csv", rows[:40])))
    assert result.returncode == 0, result.stderr
    system.gateway.start()
    assert system.recommend("a rainy evening").status == 200
    assert front.calls > 10
    # By its address, for which the certificate is not, but for a name that it is for.
    address, named = store.replace("localhost", "127.0.0.1"), {"MILVUS_SERVER_NAME": "localhost"}
    assert problem_of(gateways("named", address, **trusting | named)).startswith("ok")

    stranger = Authority(tmp_path / "stranger")
    expired = proxy(authority.issue("expired", days=-1))
    plain = proxy()
    for name, place, settings, words in [
        ("nobody-trusted", store, {}, "certificate can't be trusted"),
        ("stranger", store, {"MILVUS_CA_FILE": str(stranger.certificate)}, "certificate can't be trusted"),
        ("address", address, trusting, "certificate is for another name"),
        ("other-name", store, trusting | {"MILVUS_SERVER_NAME": "milvus.example"}, "certificate is for another name"),
        ("expired", f"milvuss://localhost:{expired.port}", trusting, "certificate can't be trusted"),
        ("not-tls", f"milvuss://localhost:{plain.port}", trusting, "does not speak TLS"),
        ("tls-only", f"milvus://localhost:{front.port}", {}, "Milvus cannot be used"),
    ]:
        refused = gateways(name, place, **settings)
        told = problem_of(refused)
        print(f"\n{name}: {told}")
        assert told.startswith("FAIL") and words in told, told


def test_an_authority_that_is_exchanged_is_trusted_without_a_restart(gateways, rows, tmp_path, proxy, authority):
    front = proxy(authority.issue("proxy"))
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(Authority(tmp_path / "stranger").certificate.read_bytes())
    store = f"milvuss://localhost:{front.port}?prefix=exchanged"
    system = gateways("exchanged", store, MILVUS_CA_FILE=str(trusted))
    with pytest.raises(RuntimeError, match="not ready"):
        system.gateway.start(patience=3)
    trusted.write_bytes(authority.certificate.read_bytes())
    result = system.gateway.run("ingest", str(catalogs.write(tmp_path / "t.csv", rows[:40])))
    assert result.returncode == 0, result.stderr
    assert eventually(lambda: ready(system) == 200, 60)


def test_a_proxy_that_asks_for_a_certificate_gets_it(gateways, tmp_path, proxy, authority):
    front = proxy(
        authority.issue("proxy"), "--verify-client", f"--verify-client-cacert={authority.certificate}"
    )
    store = f"milvuss://localhost:{front.port}?prefix=nothing"
    files = authority.issue("gateway")
    trusting = {"MILVUS_CA_FILE": str(authority.certificate)}
    own = {"MILVUS_CERTIFICATE_FILE": str(files[0]), "MILVUS_KEY_FILE": str(files[1])}
    assert "recommendation-gateway ingest" in problem_of(gateways("known", store, **trusting | own))
    told = problem_of(gateways("unknown", store, **trusting))
    print(f"\nno certificate to show: {told}")
    assert told.startswith("FAIL") and "Milvus cannot be used" in told
    wrong = gateways("no-file", store, MILVUS_CA_FILE=str(tmp_path / "nothing.pem")).gateway.run("check-config")
    print(f"no such file: {wrong.stderr.strip()}")
    assert wrong.returncode == 78 and "MILVUS_CA_FILE" in wrong.stderr


def test_of_two_proxies_one_may_die_and_no_call_fails(gateways, rows, tmp_path, proxy):
    fronts = [proxy(), proxy()]
    places = ",".join(f"127.0.0.1:{front.port}" for front in fronts)
    admin = free_port()
    system = gateways(
        "two",
        f"milvus://{places}?prefix=two",
        CACHE_ENTRIES="1",
        ANSWER_CACHE_ENTRIES="1",
        ADMIN_PORT=str(admin),
    )
    assert system.gateway.run("ingest", str(catalogs.write(tmp_path / "t.csv", rows))).returncode == 0
    system.gateway.start()
    statuses: list[int] = []
    ended = threading.Event()

    def ask(worker: int):
        number = 0
        while not ended.is_set():
            number += 1
            statuses.append(system.recommend(f"mood {worker} {number} of a rainy evening", timeout=60).status)

    def states() -> list[str]:
        channels = json.loads(send(admin, "GET", "/debugz/channels").body)["channels"]
        return [each["state"] for channel in channels if channel["name"] == "milvus" for each in channel["endpoints"]]

    workers = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    counts = []
    try:
        for dying in fronts:
            time.sleep(2)
            before = [front.calls for front in fronts]
            assert min(before) > 0, before
            dying.kill()
            time.sleep(3)
            assert states().count("ready") == 1, states()
            dying.start()
            assert eventually(lambda: states() == ["ready", "ready"], 30), states()
            back = dying.calls
            assert eventually(lambda front=dying, calls=back: front.calls > calls, 30)
            counts.append(before)
    finally:
        ended.set()
        for worker in workers:
            worker.join()
    failed = sum(status != 200 for status in statuses)
    print(f"\n{len(statuses)} calls, {failed} failed; calls by proxy before each was killed: {counts}")
    assert len(statuses) > 20 and failed == 0
