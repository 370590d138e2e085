"""v2 with python-socketio's two clients, over every transport."""

import itertools
import subprocess
import sys
import threading
import unittest

import socketio
from werkzeug.serving import make_server

from cases import Cases
from clients import DEADLINE, TRANSPORTS, AsyncClient, SyncClient
from server import Server, binary

BURST = 1_000

number = itertools.count(1)


def fresh(what):
    return f"{what}-{next(number)}"


def said(events):
    return [event[1]["msg"] for event in events if event[0] == "message"]


class V2(Cases):
    """The cases; the classes below say with which client and transport."""

    namespace = "/v2"

    def joined(self, room, name, **more):
        client = self.connect()
        answer = client.ask("join", {"room": room, "name": name, **more})
        self.assertTrue(answer["ok"], answer)
        return client, answer

    def test_join_send_history_members_and_leave_with_their_answers(self):
        room = fresh("room")
        bob, _ = self.joined(room, "Bob")
        ada, answer = self.joined(room, "Ada")
        self.assertEqual((answer["members"], answer["count"], answer["history"]), (["Bob", "Ada"], 2, []))
        sent = ada.ask("send", {"room": room, "msg": "Class ends in 5 minutes"})
        self.assertEqual((sent["ok"], sent["stored"]), (True, True))
        keys = {"id": sent["id"], "position": sent["position"], "at": sent["at"]}
        message = {**keys, "name": "Ada", "msg": "Class ends in 5 minutes"}
        bob.wait("the message", lambda events: ("message", {"room": room, **message}) in events)
        page = bob.ask("history", {"room": room})
        self.assertEqual((page["messages"], page["gap"], page["more"]), ([message], None, False))
        self.assertEqual(bob.ask("members", {"room": room})["members"], ["Bob", "Ada"])
        self.assertEqual(ada.ask("leave", {"room": room}), {"ok": True})
        heard = bob.wait("Ada's leaving", lambda events: events[-1][0] == "left")
        self.assertEqual((heard[-1][1]["name"], heard[-1][1]["count"]), ("Ada", 1))
        self.assertEqual([event[0] for event in heard], ["connect", "entered", "entered", "message", "left"])

    def test_wrong_input_is_answered_and_closes_nothing(self):
        room = fresh("room")
        ada, _ = self.joined(room, "Ada")
        wrong = [
            ("join", None, "invalid_body"),
            ("join", b"bytes", "invalid_body"),
            ("join", {"name": "Ada"}, "room_required"),
            ("join", {"room": room, "name": "Ada", "since": "yesterday"}, "invalid_body"),
            ("send", {"room": room, "msg": ""}, "msg_required"),
            ("send", {"room": room, "msg": "x" * 16_385}, "msg_too_long"),
            ("send", {"room": room + "x", "msg": "m"}, "not_joined"),
            ("history", {"room": room, "limit": 0}, "invalid_body"),
            ("text", {"msg": "m"}, "unknown_event"),
        ]
        for event, body, code in wrong:
            with self.subTest(event=event, code=code):
                answer = ada.ask(event, body)
                self.assertEqual((answer["ok"], answer["error"]["code"]), (False, code))
                ada.send(event, body)
                error = ("error", answer["error"])
                ada.wait("the error", lambda events, error=error: error in events)
        self.assertTrue(ada.ask("send", {"room": room, "msg": "and goes on"})["ok"])

    def test_a_burst_in_order(self):
        room = fresh("room")
        bob, _ = self.joined(room, "Bob")
        ada, _ = self.joined(room, "Ada")
        expected = [str(index) for index in range(BURST)]
        for msg in expected:
            ada.send("send", {"room": room, "msg": msg})
        for receiver in (ada, bob):
            heard = receiver.wait("the last one", lambda events: said(events)[-1:] == expected[-1:])
            self.assertEqual(said(heard), expected)

    def test_coming_back_with_the_position_misses_nothing_and_hears_nothing_twice(self):
        room = fresh("room")
        bob, _ = self.joined(room, "Bob")
        ada, _ = self.joined(room, "Ada")
        position = bob.ask("send", {"room": room, "msg": "0"})["position"]
        ada.wait("the message", lambda events: said(events) == ["0"])
        ada.ask("leave", {"room": room})
        missed = [str(index) for index in range(1, 41)]
        for msg in missed:
            bob.ask("send", {"room": room, "msg": msg})
        again, answer = self.joined(room, "Ada", since=position)
        self.assertEqual([message["msg"] for message in answer["history"]], missed)
        self.assertEqual((answer["gap"], answer["more"]), (None, False))
        bob.ask("send", {"room": room, "msg": "live"})
        self.assertEqual(said(again.wait("the next", lambda events: said(events))), ["live"])

    def test_a_key_is_said_once_also_after_a_restart(self):
        server = Server("--event-rate", "0")
        self.addCleanup(lambda: server.stop())
        client = self.connect(server.url)
        join, send = {"room": "room", "name": "Ada"}, {"room": "room", "name": "Ada", "msg": "hi", "key": "2b1e"}
        client.ask("join", join)
        first = client.ask("send", send)
        server = server.restarted()
        client.wait("a new connection", lambda events: events.count(("connect",)) == 2)
        # As a client whose answer was lost does, before it joins.
        self.assertEqual(client.ask("send", send), first)
        self.assertEqual(len(client.ask("join", {**join, "since": "all"})["history"]), 1)


class WithoutV2(unittest.TestCase):
    """Servers that have no /v2, such as one written with Flask-SocketIO."""

    def test_join_says_that_the_server_has_no_v2(self):
        app = socketio.WSGIApp(socketio.Server(async_mode="threading"))
        server = make_server("127.0.0.1", 0, app, threaded=True)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        words = [binary(), "join", "room", "--name", "Ada", "--url", url]
        done = subprocess.run(words, input="hi\n", capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not speak v2", done.stderr)


def load_tests(loader, tests, _pattern):
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(WithoutV2))
    for kind, transport in itertools.product((SyncClient, AsyncClient), TRANSPORTS):
        name = f"{kind.__name__}Over{transport.title()}"
        case = type(name, (V2, unittest.TestCase), {"kind": kind, "transport": transport})
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    result = unittest.main(exit=False, warnings="ignore").result
    failed = len({str(test) for test, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)
