"""python-socketio behind HAProxy, which sends each request to the next of three servers."""

import itertools
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from clients import TRANSPORTS, AsyncClient, SyncClient
from server import Server
from proxy import DEADLINE, Proxy

number = itertools.count(1)


class Redis:
    """On a Unix socket of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="alert-redis-")
        self.socket = Path(self.folder.name) / "socket"
        flags = ["--port", "0", "--unixsocket", self.socket, "--dir", self.folder.name, "--save", ""]
        self.process = subprocess.Popen([shutil.which("redis-server"), *flags], stdout=subprocess.DEVNULL)
        until = time.monotonic() + DEADLINE
        while not self.socket.exists():
            assert time.monotonic() < until, "Redis did not start"

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


class Balanced(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.redis = Redis()
        flags = ("--redis", f"unix://{cls.redis.socket}", "--ping-interval", "1s")
        cls.servers = [Server(*flags) for _ in range(3)]
        cls.proxy = Proxy(*cls.servers)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.stop()
        for server in cls.servers:
            server.stop()
        cls.redis.stop()

    def members(self, room):
        """One of each kind, in a room."""
        members = {}
        for transport, kind in itertools.product(TRANSPORTS, (SyncClient, AsyncClient)):
            client = kind(self.proxy.url, transport)
            self.addCleanup(client.close)
            name = f"{transport} {kind.__name__}"
            ack = client.ask("joined", {"headless": True, "name": name, "room": room})
            self.assertTrue(ack["ok"], ack)
            members[name] = client
        return members

    def test_every_message_comes_once_and_in_order(self):
        members = self.members(f"balanced-{next(number)}")
        for count in range(20):
            for name, client in members.items():
                client.send("text", {"headless": True, "name": name, "msg": str(count)})
        everything = {}
        for name, client in members.items():
            said = lambda events: [body["msg"] for event, *args in events if event == "message" for body in args]
            heard = client.wait("all messages", lambda events: len(said(events)) >= 20 * len(members))
            everything[name] = said(heard)
            self.assertNotIn("disconnect", [event for event, *_ in heard])
        first = everything.popitem()[1]
        self.assertEqual(len(set(first)), 20 * len(members))
        for other in everything.values():
            self.assertEqual(other, first)
        for name in members:
            own = [msg for msg in first if msg.startswith(f"{name}: ")]
            self.assertEqual(own, [f"{name}: {count}" for count in range(20)])

    def test_whoever_is_quiet_stays(self):
        members = self.members(f"balanced-{next(number)}")
        time.sleep(2.5)  # two heartbeats
        for name, client in members.items():
            self.assertEqual(client.ask("text", {"headless": True, "name": name, "msg": "still here"}), {"ok": True})
            self.assertNotIn("disconnect", [event for event, *_ in client.heard.events])


if __name__ == "__main__":
    unittest.main()
