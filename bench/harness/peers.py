"""The servers: how each is installed and started, and how much it can take.

To add one, put it into bench/peers/NAME and add an entry here; bench/README.md says what it must do.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "bench" / "peers"
ALERT_BINARY = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "release" / "alert"


@dataclass(frozen=True)
class Peer:
    """A server. In `install`, `start` and `version`, `{port}`, `{alert}` and `{redis}` are replaced; they run in `folder`."""

    title: str
    """Its name in tables and plots."""
    folder: Path
    install: tuple[tuple[str, ...], ...]
    start: tuple[str, ...]
    """Becomes the server itself, or a parent of it, and listens on 127.0.0.1:{port}; PORT is in its environment, too."""
    version: tuple[str, ...]
    """Prints the versions that matter."""
    env: dict[str, str] = field(default_factory=dict)
    protocol: str = "socketio"
    """What it speaks, in the words of `alert bench --protocol`. Other protocols have WebSocket only, and announce nobody."""
    polling: bool = True
    """Whether it speaks long-polling."""
    largest_room: int = 5_000
    """Members of a room above which joining alone takes minutes: each join goes to everyone who is there."""
    nodes: int = 0
    """How many of them share their rooms through a Redis, whose URL is in their environment as REDIS; 0 is one without."""
    slow: bool = False
    """Whether it takes so long that points which only a plot needs are measured once."""


def cargo(folder, binary):
    build = ("cargo", "build", "--release", "--locked", "--target-dir", "target")
    version = "cargo tree --locked --depth 1 --prefix none --format '{{p}}' | tail -n +2 | cut -d' ' -f1,2 | paste -sd, ; rustc --version"
    return {
        "folder": FOLDER / folder,
        "install": (build,),
        "start": (f"target/release/{binary}",),
        "version": ("sh", "-c", version),
    }


def python(folder, start, packages):
    show = f".venv/bin/python --version; .venv/bin/pip list --format freeze | grep -iE '^({packages})=' | paste -sd,"
    return {
        "folder": FOLDER / folder,
        "install": (
            ("python3", "-m", "venv", ".venv"),
            (".venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"),
        ),
        "start": start,
        "version": ("sh", "-c", show),
    }


NODE = ("node", "node", "socket.io ws bufferutil utf-8-validate @socket.io/redis-streams-adapter redis")

# More connections than gunicorn's default of 1,000, and no socket in the home folder; else as documented.
FLASK = (
    (".venv/bin/gunicorn", "-k", "gevent", "-w", "1", "-b", "127.0.0.1:{port}", "--worker-connections", "20000",
     "--no-control-socket", "--log-level", "warning", "server:app"),
    "flask-socketio|python-socketio|python-engineio|gunicorn|gevent|simple-websocket|redis",
)


def npm(folder, runtime, packages, **env):
    show = f"{runtime} --version; npm ls --parseable --long {packages} | sed 's/.*://' | sort -u | paste -sd,"
    return {
        "folder": FOLDER / folder,
        "install": (("npm", "ci", "--no-audit", "--no-fund"),),
        "start": (runtime, "server.js"),
        "version": ("sh", "-c", show),
        "env": {"NODE_ENV": "production", **env},
    }


def alert(title, workers, *more, nodes=0):
    return Peer(
        title=title,
        folder=ROOT,
        install=(("cargo", "build", "--release", "--locked", "-p", "alert"),),
        start=("{alert}", "--listen", "127.0.0.1:{port}", "--workers", workers, "--event-rate", "0", "--byte-rate", "0", "--room-byte-rate", "0", "--room-tries", "0", "--join-rate", "0", "--max-connections-per-address", "0", "--log-level", "warn", *more),
        version=("{alert}", "--version"),
        nodes=nodes,
        # So that the run leaves no key file in the user's state folder.
        env={"ALERT_SESSION_KEY": "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2g="},
    )


def debian(folder, packages, package, protocol, *start):
    """A server that Debian packages, whose configuration is in our folder."""
    ask = ("dpkg-query", "--show", "--showformat=${{Package}} ${{Version}}\n", package)
    return {
        "folder": FOLDER / folder,
        "install": ((str(ROOT / "e2e" / "need"), packages, start[0]),),
        "start": ("../start", *start),
        "version": ask,
        "protocol": protocol,
        "polling": False,
    }


SOCKUDO = "4.5.2"
"""The newest that the Rust of this project builds."""

PEERS = {
    "alert": alert("Alert", "1"),
    "alert-2": alert("Alert, 2 workers", "2"),
    "alert-sse": alert("Alert, listeners over SSE", "1"),
    "alert-grace": alert("Alert, --leave-grace 5s", "1", "--leave-grace", "5s"),
    # As "alert": the scenario of rooms over Redis has pairs of its own.
    "alert-file": alert("Alert, one node with its file", "1"),
    "alert-off": alert("Alert, one node, --history off", "1", "--history", "off"),
    "alert-redis": alert("Alert, one node over Redis", "1", "--redis", "{redis}", nodes=1),
    "alert-cluster": alert("Alert, 3 nodes", "1", "--redis", "{redis}", nodes=3),
    "limit": Peer("limit (bare epoll loop)", **cargo("limit", "bench-peer-limit"), polling=False),
    "socketioxide": Peer("socketioxide", **cargo("socketioxide", "bench-peer-socketioxide")),
    "bun": Peer("Bun + socket.io", **npm("bun", "node_modules/.bin/bun", "socket.io @socket.io/bun-engine")),
    "node": Peer("Node + socket.io", **npm(*NODE)),
    "node-recovery": Peer("Node + socket.io, connectionStateRecovery", **npm(*NODE, RECOVERY="1")),
    "node-cluster": Peer("Node + socket.io, Redis streams adapter, 3 processes", **npm(*NODE, RECOVERY="1"), nodes=3),
    "nchan": Peer("nginx + nchan", **debian("nchan", "nginx-light libnginx-mod-nchan", "libnginx-mod-nchan", "nchan",
                                             "nginx.conf", "nginx", "-p", "{state}", "-c", "config")),
    "mosquitto": Peer("mosquitto, MQTT over WebSocket",
                      **debian("mosquitto", "mosquitto", "mosquitto", "mqtt", "mosquitto.conf", "mosquitto", "-c", "{state}/config")),
    "sockudo": Peer(
        "sockudo, Pusher over WebSocket",
        folder=FOLDER / "sockudo",
        install=(
            (str(ROOT / "e2e" / "need"), "protobuf-compiler libprotobuf-dev", "protoc"),
            ("env", "RUSTFLAGS=--cfg tokio_unstable", "cargo", "install", "sockudo", "--version", SOCKUDO, "--locked",
             "--root", "target", "--target-dir", "target/build"),
        ),
        start=("../start", "sockudo.json", "target/bin/sockudo", "--config", "{state}/config"),
        version=("target/bin/sockudo", "--version"),
        protocol="pusher",
        polling=False,
    ),
    "flask": Peer("Flask-SocketIO + gevent", **python("flask", *FLASK), largest_room=1_000, slow=True),
    "flask-cluster": Peer("Flask-SocketIO + gevent, Redis queue, 3 processes", **python("flask", *FLASK), largest_room=1_000,
                          slow=True, nodes=3),
    "uvicorn": Peer(
        "python-socketio + uvicorn",
        **python(
            "uvicorn",
            (".venv/bin/uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning", "--no-access-log",
             "server:app"),
            "python-socketio|python-engineio|uvicorn|uvloop|httptools|websockets",
        ),
        largest_room=1_000,
        slow=True,
    ),
}
