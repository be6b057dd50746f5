"""The page is shut to strangers: each request that is not its own is refused, and says why."""

from __future__ import annotations

import html
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from helpers.dask_cluster import ROOT
from helpers.page_client import Client, two_tubes
from helpers.page_server import Served, served
from pipeline.cli import PROGRAM
from pipeline.page.access.access_control import POLICY, REPEATED_REQUESTS
from pipeline.page.access.patience import MOST_WAITING
from pipeline.page.access.peer import owner_in
from pipeline.page.start import PageOptions, serve_page
from pipeline.study.errors import UsageError

pytestmark = pytest.mark.slow

WRITES = {
    "/api/run": {"only": None},
    "/api/job/stop": None,
    "/api/tubes/P07_BM1/decide": {"version": 0, "decision": "accept", "who": "AB"},
    "/api/tubes/P07_BM1/sign": {"version": 0, "who": "AB", "meaning": "reviewed"},
    "/api/tubes/P07_BM1/move": {"request": 1, "moves": []},
    "/files": None,
    "/run": None,
    "/choose": None,
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = two_tubes(tmp_path_factory.mktemp("door") / "study")
    (folder.parent / "secret.csv").write_text("secret", "utf-8")
    (folder / "results").mkdir()
    (folder / "results" / "rd_samples.csv").write_text("a,b\n", "utf-8")
    (folder / "results" / "out.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "results" / ".hidden.csv").write_text("hidden", "utf-8")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("CD38RD_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def page(study: Path, home: Path) -> Iterator[Served]:
    with served(study) as one:
        yield one


@pytest.fixture(scope="module")
def owner(page: Served) -> Client:
    return Client(page)


def why(answer: httpx.Response) -> str:
    if "json" in answer.headers["content-type"]:
        return str(answer.json()["error"])
    found = re.search(r"<h1>.*?</h1><p>(.*?)</p>", answer.text)
    assert found is not None, answer.text
    return found[1]


def raw(owner: Client, first: str, *headers: str, body: str = "") -> bytes:
    """Ask as it stands, since a client that tidies a request hides what a stranger can send."""
    host = owner.served.origin.removeprefix("http://")
    cookie = "; ".join(f"{key}={value}" for key, value in owner.http.cookies.items())
    lines = [first, f"Host: {host}", f"Cookie: {cookie}", "Connection: close", *headers, "", body]
    with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2]))) as line:
        line.sendall("\r\n".join(lines).encode())
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_the_owner_gets_the_page(owner: Client):
    assert owner.get("/files").status_code == 200
    assert owner.get("/api/study").json()["name"] == "study"


def test_the_address_opens_the_page_once(page: Served, owner: Client):
    again = httpx.get(page.address, trust_env=False)
    assert again.status_code == 403
    assert "opens the page once" in why(again)
    assert "set-cookie" not in again.headers
    assert owner.get("/files").status_code == 200


@pytest.mark.parametrize("token", ["", "?token=", "?token=wrong", "?token=%FF%00", "?token=ä&token=b"])
def test_another_token_opens_nothing(page: Served, owner: Client, token: str):
    answer = httpx.get(f"{page.origin}/enter{token}", trust_env=False)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert "not valid" in why(answer)


@pytest.mark.parametrize(
    "cookie", ["", "wrong", "=", "cd38rd_{port}=", "cd38rd_{port}=wrong", "cd38rd_1={right}"]
)
@pytest.mark.parametrize(
    "path", ["/", "/files", "/api/tubes", "/results/rd_samples.csv", "/static/stages/run.js"]
)
def test_without_the_cookie_nothing_is_told(page: Served, owner: Client, cookie: str, path: str):
    port = page.origin.rpartition(":")[2]
    right = owner.http.cookies[f"cd38rd_{port}"]
    headers = {"cookie": cookie.format(port=port, right=right)} if cookie else {}
    answer = httpx.get(page.origin + path, headers=headers, trust_env=False)
    assert answer.status_code == 403
    assert "Start it again" in why(answer)
    assert "study" not in answer.text


@pytest.mark.parametrize(
    "others",
    ['theme={"a": 1}; {ours}', "a b=c; {ours}", "seen; {ours}", "{own}=older; {ours}", 'x="; {ours}'],
)
def test_cookies_of_other_programs_of_this_computer_do_not_shut_its_owner_out(
    page: Served, owner: Client, others: str
):
    own = f"cd38rd_{page.origin.rpartition(':')[2]}"
    sent = others.replace("{ours}", f"{own}={owner.http.cookies[own]}").replace("{own}", own)
    answer = httpx.get(page.origin + "/api/study", headers={"cookie": sent}, trust_env=False)
    assert answer.status_code == 200


def test_the_cookie_is_for_this_page_alone_and_no_script_reads_it(owner: Client):
    assert owner.entered is not None
    said = owner.entered.headers["set-cookie"]
    assert re.fullmatch(r"cd38rd_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=/", said)


@pytest.mark.parametrize(
    "host",
    [
        "localhost:{port}",
        "127.0.0.1",
        "evil.example:{port}",
        "127.0.0.1:{port}.evil.example",
        "[::1]:{port}",
        "",
    ],
)
def test_under_another_name_it_is_not_there(page: Served, owner: Client, host: str):
    answer = owner.get("/api/tubes", host=host.format(port=page.origin.rpartition(":")[2]))
    assert answer.status_code in (400, 403)
    if answer.status_code == 403:
        assert f"this page is at {page.origin} alone" in why(answer)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost:{port}",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:1",
    ],
)
def test_another_page_changes_nothing(page: Served, owner: Client, study: Path, path: str, origin: str):
    before = sorted(file.name for file in study.rglob("*"))
    answer = owner.http.post(
        path, json=WRITES[path], headers={"origin": origin.format(port=page.origin.rpartition(":")[2])}
    )
    assert answer.status_code == 403
    assert why(answer).lower().startswith("the request came from another page")
    assert sorted(file.name for file in study.rglob("*")) == before


@pytest.mark.parametrize("path", WRITES)
def test_what_does_not_say_where_it_comes_from_changes_nothing(owner: Client, path: str):
    answer = owner.http.post(path, json=WRITES[path])
    assert answer.status_code == 403
    assert "does not say which page it came from" in why(answer)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_does_not_even_read(owner: Client, site: str):
    answer = owner.get("/api/tubes", **{"sec-fetch-site": site})
    assert (answer.status_code, why(answer)) == (403, "the request came from another page")
    assert owner.get("/api/study", **{"sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "../samples.csv", "%2e%2e/samples.csv", "..%2fsamples.csv", "%2e%2e%2f%2e%2e%2fsecret.csv", "..%5csamples.csv",
        "/etc/passwd", "%2fetc%2fpasswd", "out.csv", ".hidden.csv", "", "store", "nothing.csv", "a%00b", "rd_samples.csv/..",
        "....//samples.csv",
    ],
)  # fmt: skip
@pytest.mark.parametrize("below", ["/results/", "/static/"])
def test_no_path_leads_out_of_the_results(page: Served, owner: Client, below: str, name: str):
    """DecisionRequest as it stands, since a client that tidies the path would hide what a stranger can send."""
    answer = raw(owner, f"GET {below}{name} HTTP/1.1")
    assert answer.split()[1] in (b"400", b"404", b"422")
    assert not any(word in answer for word in (b"secret\n", b"hidden\n", b"root:", b"sample_id"))


@pytest.mark.skipif(os.name != "posix", reason="links need a right on Windows")
def test_results_that_are_a_link_out_of_the_study_are_not_given(home: Path, tmp_path: Path):
    study, outside = two_tubes(tmp_path / "study"), tmp_path / "outside"
    outside.mkdir()
    (outside / "report.html").write_text("secret", "utf-8")
    (study / "results").symlink_to(outside)
    with served(study) as one:
        answer = Client(one).get("/results/report.html")
    assert (answer.status_code, "secret" in answer.text) == (422, False)
    assert "a link that leads out of the study folder" in why(answer)


def test_a_page_with_a_study_lists_no_folder_of_the_computer_any_more(owner: Client, study: Path):
    answer = owner.get(f"/folders?path={study.parent}")
    assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/", "")


def test_a_file_of_the_results_is_given_and_runs_no_script_of_its_own(owner: Client):
    answer = owner.get("/results/rd_samples.csv")
    assert (answer.status_code, answer.text) == (200, "a,b\n")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert re.fullmatch(r"script-src( 'sha256-[\w+/=]+')+", scripts)


@pytest.mark.parametrize(
    "path", ["/files", "/api/study", "/static/stages/stages.css", "/api/nothing", "/nothing"]
)
def test_every_answer_says_what_the_page_may_load(owner: Client, path: str):
    headers = owner.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/files", "/sheets", "/check", "/run", "/report"])
def test_the_pages_need_nothing_that_the_policy_forbids(owner: Client, path: str):
    text = owner.get(path).text
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|javascript:", text)
    assert not re.search(r"""(src|href|action)=["'](https?:)?//""", text)


@pytest.mark.parametrize("length", ["9999999999", "-1", "x", "1_0", 5_000 * "9"])
def test_what_is_too_large_is_not_read(owner: Client, length: str):
    origin = f"Origin: {owner.served.origin}"
    answer = raw(owner, "POST /api/run HTTP/1.1", origin, f"Content-Length: {length}", body="{}")
    assert answer.split()[1] in (b"400", b"403", b"413")


def test_a_body_of_no_told_length_is_stopped_where_it_is_too_large(owner: Client):
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b"[" * 100_000

    answer = owner.http.post("/api/run", content=endless(), headers={"origin": owner.served.origin})
    assert answer.status_code in (400, 413)


def test_what_is_no_request_is_refused_with_the_headers_of_the_page(owner: Client):
    for first in ("NONSENSE", "GET / HTTP/1.1\r\nHost: evil.example", "GET /ä HTTP/1.1"):
        answer = raw(owner, first)
        assert answer.startswith(b"HTTP/1.1 400"), first
        assert f"content-security-policy: {POLICY}".encode() in answer


def test_half_requests_on_many_connections_do_not_shut_the_owner_out(owner: Client):
    """As any user of the computer can send them; a system lets a program have some hundred connections."""
    host, port = "127.0.0.1", int(owner.served.origin.rpartition(":")[2])
    with ExitStack() as held:
        lines = [held.enter_context(socket.create_connection((host, port))) for _ in range(3 * MOST_WAITING)]
        for line in lines:
            with suppress(OSError):
                line.sendall(b"GET / HTTP/1.1\r\nHost: x")
        assert owner.get("/api/study").status_code == 200
        closed = 0
        for line in lines:
            line.settimeout(0.05)
            with suppress(TimeoutError):
                closed += not _heard(line)
        assert closed >= 2 * MOST_WAITING


def _heard(line: socket.socket) -> bytes:
    try:
        return line.recv(100)
    except ConnectionError:
        return b""


def test_it_listens_on_this_computer_alone(page: Served):
    port = int(page.origin.rpartition(":")[2])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {
        "127.0.0.1"
    }
    for address in others:
        with socket.socket() as line:
            line.settimeout(2)
            assert line.connect_ex((address, port)) != 0


@pytest.mark.skipif(
    not Path("/proc/net/tcp").exists() or getattr(os, "getuid", lambda: 1)() != 0,
    reason="only root can be two users",
)
def test_another_user_of_the_computer_gets_nothing_even_with_the_cookie(owner: Client):
    cookie = "; ".join(f"{key}={value}" for key, value in owner.http.cookies.items())
    script = (
        "import os, sys, urllib.request, urllib.error, http.client, email.parser\n"
        "request = urllib.request.Request(sys.argv[1], headers={'Cookie': sys.argv[2]})\n"
        "opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))\n"
        "print(opener.open(request).read().decode())\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n    print(opener.open(request).read().decode())\n"
        "except urllib.error.HTTPError as error:\n    print(error.code, error.read().decode())\n"
    )
    command = [sys.executable, "-c", script, f"{owner.served.origin}/api/study", cookie]
    first, second = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert '"name":"study"' in first
    assert second == '403 {"error": "this page belongs to another user of this computer"}'


def test_the_user_of_a_connection_is_found_by_both_its_ends():
    table = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 1\n"
        "   1: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001 0 2\n"
        "   2: 0200007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002 0 3\n"
    )
    assert owner_in(table, ("127.0.0.1", 0xD431), 8080) == 1001
    assert owner_in(table, ("127.0.0.2", 0xD431), 8080) == 1002
    assert owner_in(table, ("127.0.0.1", 0xD432), 8080) is None
    assert owner_in(table, ("127.0.0.1", 0xD431), 8081) is None


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_what_the_page_remembers_is_for_its_user_alone(page: Served, owner: Client, home: Path):
    assert owner.get("/files").status_code == 200
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert "study" in (home / "recent.json").read_text("utf-8")
    token = page.address.partition("token=")[2]
    assert not any(token in path.read_text("utf-8") for path in home.iterdir())
    assert token not in Path(f"/proc/{page.process.pid}/cmdline").read_text("utf-8")


def test_nothing_leaves_this_computer_and_an_unused_page_ends_itself(study: Path, home: Path, tmp_path: Path):
    """Each connection and each name that is looked up is told by Python itself, whatever library does it."""
    told = tmp_path / "connections"
    script = (
        "import sys\n"
        "def hook(event, args):\n"
        "    if event in ('socket.connect', 'socket.bind', 'socket.getaddrinfo', 'socket.sendto'):\n"
        "        where = args[0] if event == 'socket.getaddrinfo' else args[1]\n"
        "        with open(sys.argv[1], 'a') as file:\n"
        "            file.write(f'{event} {where}\\n')\n"
        "sys.addaudithook(hook)\n"
        "from pipeline.cli import main\n"
        "main(['review', sys.argv[2], '--no-browser', '--idle', '0.05'])\n"
    )
    command = [sys.executable, "-c", script, str(told), str(study)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http\S+", process.stdout.readline())
        assert found is not None
        client = Client(Served(found[0], process))
        for path in ("/files", "/sheets", "/check", "/run", "/report"):
            assert client.get(path).status_code == 200
        with suppress(httpx.HTTPError):
            while process.poll() is None:
                client.get(REPEATED_REQUESTS[1])  # what an open page asks by itself
        assert "Nobody has used the page for 0.05 minutes." in process.stdout.read()
    assert process.returncode == 0
    lines = told.read_text("utf-8").splitlines()
    assert lines
    assert all("127.0.0.1" in line for line in lines), lines


def test_a_port_that_is_taken_is_named(page: Served):
    port = int(page.origin.rpartition(":")[2])
    with pytest.raises(UsageError, match=f"--port {port}: cannot be used"):
        serve_page(None, PageOptions(PROGRAM, port=port))


@pytest.mark.skipif(os.name != "posix", reason="the variable BROWSER")
def test_the_browser_is_given_a_file_of_this_user_alone_since_all_see_a_command_line(
    study: Path, home: Path, tmp_path: Path
):
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(
        f'#!/bin/sh\nls -l "${{1#file://}}" > "{seen}"; cat "${{1#file://}}" >> "{seen}"\n', "utf-8"
    )
    browser.chmod(0o755)
    script = f"import sys; sys.argv = ['cd38rd-page', {str(study)!r}]; from pipeline.cli import open_page_without_study; open_page_without_study()"
    environment = {**os.environ, "BROWSER": str(browser)}
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http\S+", process.stdout.readline())
        assert found is not None
        client = Client(Served(found[0], process))
        assert client.get("/").headers["location"].startswith("/")
        while any(home.glob("open-*.html")):
            assert process.poll() is None
        process.terminate()
        assert "The page has ended." in process.stdout.read()
    told = seen.read_text("utf-8")
    assert told.startswith("-rw-------")
    assert html.escape(found[0]) in told
