"""`bench/run check`: drives every server with the official client, so that equals are compared."""

import subprocess

from .peers import PEERS, ROOT
from .cluster import running
from .server import ServerError

FOLDER = ROOT / "bench" / "check"


def run(arguments):
    failed = 0
    for name in arguments.only:
        peer = PEERS[name]
        if peer.protocol != "socketio":
            continue
        try:
            with running(peer, arguments.alert, arguments.port, None) as servers:
                for way in ("websocket", "polling", "upgrade") if peer.polling else ("websocket",):
                    command = ("node", "check.mjs", f"http://127.0.0.1:{servers.ports[0]}", way)
                    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=30)
                    failed += done.returncode != 0
                    print(f"{name} over {way}: {done.stdout.strip() or done.stderr.strip()}", flush=True)
        except ServerError as error:
            failed += 1
            print(f"{name}: {error}", flush=True)
    return min(failed, 1)
