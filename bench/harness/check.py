"""`bench/run check`: drives every server with the official client, so that equals are compared."""

import subprocess

from .peers import PEERS, ROOT
from .server import ServerError, running

FOLDER = ROOT / "bench" / "check"


def run(arguments):
    failed = 0
    for name in arguments.only:
        peer = PEERS[name]
        try:
            with running(peer, arguments.alert, arguments.port, None):
                for way in ("websocket", "polling", "upgrade") if peer.polling else ("websocket",):
                    command = ("node", "check.mjs", f"http://127.0.0.1:{arguments.port}", way)
                    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=30)
                    failed += done.returncode != 0
                    print(f"{name} over {way}: {done.stdout.strip() or done.stderr.strip()}", flush=True)
        except ServerError as error:
            failed += 1
            print(f"{name}: {error}", flush=True)
    return min(failed, 1)
