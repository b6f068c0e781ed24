"""`voltscan io fetch`: profiles from a web server on loopback; whatever goes wrong, the sound local copy stays."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runtime.cli.io import fetching
from runtime.cli.io.fetching import fetch_profiles
from runtime.core.fault import ConfigFault

OLD = (Path(__file__).parents[3] / "io_maps" / "profiles" / "relay_module_8.toml").read_text()
NEW = OLD.replace('version = "1"', 'version = "2"')
MAP = """site = "x"
[links.io]
kind = "modbus_tcp"
host = "192.168.1.20"
[devices.relay_1]
profile = "relays"
link = "io"
unit = 1
"""


class Web(BaseHTTPRequestHandler):
    pages: dict[str, str]

    def do_GET(self) -> None:
        page = self.pages.get(self.path)
        self.send_response(404 if page is None else 200)
        self.end_headers()
        self.wfile.write((page or "").encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def web() -> Iterator[tuple[str, dict[str, str]]]:
    pages: dict[str, str] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("PagesOfTheTest", (Web,), {"pages": pages}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/profiles/", pages
    server.shutdown()
    thread.join()
    server.server_close()


def site(folder: Path, local: str | None) -> tuple[Path, Path]:
    for name in ("sites", "profiles"):
        (folder / name).mkdir()
    (folder / "sites" / "mine.toml").write_text(MAP)
    profile = folder / "profiles" / "relays.toml"
    if local is not None:
        profile.write_text(local)
    return folder / "sites" / "mine.toml", profile


ROWS = {
    # what is here, what the server has, what is here afterwards, the code, what is told
    "newer": (OLD, NEW, NEW, 0, "relays.toml: fetched"),
    "first": (None, NEW, NEW, 0, "relays.toml: fetched"),
    "same": (OLD, OLD, OLD, 0, "relays.toml: as it was"),
    "none": (OLD, None, OLD, 0, "not fetched (Not Found)"),
    "none anywhere": (None, None, None, 1, "Not Found), and there is no local copy"),
    "with a mistake": (OLD, NEW.replace("register", "regster"), OLD, 0, "not taken: it has mistakes"),
    "no profile": (None, "<html>", None, 1, "not taken: it has mistakes, and there is no local copy"),
    "endless": (OLD, "#" * 5000, OLD, 0, "not taken: more than 4000 bytes"),
}


@pytest.mark.parametrize("case", ROWS)
def test_profile_when_fetched_then_taken_only_when_it_is_sound(
    case: str,
    tmp_path: Path,
    web: tuple[str, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    local, served, after, code, told = ROWS[case]
    if case == "endless":
        monkeypatch.setattr(fetching, "PROFILE_BYTES_MAX", 4000)
    url, pages = web
    if served is not None:
        pages["/profiles/relays.toml"] = served
    site_map, profile = site(tmp_path, local)
    assert fetch_profiles(site_map, url) == code
    assert (profile.read_text() if profile.exists() else None) == after
    assert told in capsys.readouterr().out
    assert {path.name for path in profile.parent.iterdir()} == ({"relays.toml"} if after else set())


def test_profile_when_it_is_json_here_then_json_is_asked_for(tmp_path: Path, web: tuple[str, dict[str, str]]) -> None:
    url, pages = web
    site_map, _ = site(tmp_path, None)
    (tmp_path / "profiles" / "relays.json").write_text("{}")
    pages["/profiles/relays.json"] = '{"maker": "x"}'
    assert fetch_profiles(site_map, url) == 0
    assert (tmp_path / "profiles" / "relays.json").read_text() == "{}"


def test_server_when_nobody_answers_then_the_local_copy_stays(
    tmp_path: Path, web: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    site_map, profile = site(tmp_path, OLD)
    assert fetch_profiles(site_map, "http://127.0.0.1:1/profiles") == 0
    assert profile.read_text() == OLD
    assert "not fetched" in capsys.readouterr().out


def test_address_when_it_is_no_web_server_then_told(tmp_path: Path) -> None:
    site_map, _ = site(tmp_path, OLD)
    with pytest.raises(ConfigFault, match="no address of a web server"):
        fetch_profiles(site_map, "file:///etc")
