"""The v1 contract with python-socketio's two clients, over every transport."""

import itertools
import json
import sys
import unittest
import urllib.request

from cases import Cases
from clients import IN_USE, TRANSPORTS, AsyncClient, SyncClient
from server import Server

BURST = 5_000

number = itertools.count(1)


def fresh(what):
    return f"{what}-{next(number)}"


def status(msg):
    return ("status", {"msg": msg})


def message(msg):
    return ("message", {"msg": msg})


class Contract(Cases):
    """The cases; the classes below say with which client and transport."""

    def joined(self, room, name):
        client = self.connect()
        ack = client.ask("joined", {"headless": True, "name": name, "room": room})
        self.assertTrue(ack["ok"], ack)
        return client

    def test_uses_the_transport(self):
        self.assertEqual(self.connect().in_use(), IN_USE[self.transport])

    def test_joined_text_and_left_with_their_acks(self):
        room = fresh("room")
        bob = self.joined(room, "Bob")
        ada = self.connect()
        ack = ada.ask("joined", {"headless": True, "name": "Ada", "room": room})
        self.assertEqual(ack, {"ok": True, "room": room, "members": ["Bob", "Ada"], "count": 2})
        body = {"headless": True, "name": "Ada", "msg": "Class ends in 5 minutes"}
        self.assertEqual(ada.ask("text", body), {"ok": True})
        self.assertEqual(ada.ask("left", {"headless": True, "name": "Ada"}), {"ok": True})
        self.assertEqual(ada.ask("text", body)["error"]["code"], "not_joined")
        last = status("Ada has left the room.")
        heard = bob.wait("Ada's leaving", lambda events: last in events)
        self.assertEqual(
            heard[1:],
            [
                status("Bob has entered the room."),
                status("Ada has entered the room."),
                message("Ada: Class ends in 5 minutes"),
                last,
            ],
        )
        heard = ada.wait("its message", lambda events: len(events) == 3)
        own = [status("Ada has entered the room."), message("Ada: Class ends in 5 minutes")]
        self.assertEqual(heard[1:], own)

    def test_works_without_acks(self):
        room = fresh("room")
        ada = self.connect()
        ada.send("joined", {"headless": True, "name": "Ada", "room": room})
        ada.send("text", {"headless": True, "name": "Ada", "msg": "hello"})
        ada.wait("the message", lambda events: message("Ada: hello") in events)
        ada.send("left", {"headless": True, "name": "Ada"})
        ada.send("text", {"headless": True, "name": "Ada", "msg": "hello?"})
        heard = ada.wait("the error", lambda events: events[-1][1:] and "Error" in events[-1][1]["msg"])
        self.assertEqual(heard[-1][0], "status")

    def test_wrong_input_is_answered_and_closes_nothing(self):
        room = fresh("room")
        bob, ada = self.joined(room, "Bob"), self.joined(room, "Ada")
        wrong = [
            ("joined", None, "invalid_body"),
            ("joined", [], "invalid_body"),
            ("joined", b"bytes", "invalid_body"),
            ("joined", {"headless": True, "name": "Ada"}, "room_required"),
            ("joined", {"name": "Ada", "room": room + "x"}, "not_logged_in"),
            ("text", {"msg": b"bytes"}, "invalid_body"),
            ("text", {"msg": ""}, "msg_required"),
            ("text", {"msg": "x" * 16_385}, "msg_too_long"),
            ("text", {"msg": "m", "name": "x" * 100_000}, "name_too_long"),
            ("text", {"msg": "m", "name": "a\nb"}, "name_invalid"),
            ("no such event", {}, "unknown_event"),
        ]
        for event, body, code in wrong:
            with self.subTest(event=event, code=code):
                ack = ada.ask(event, body)
                self.assertEqual((ack["ok"], ack["error"]["code"]), (False, code))
                ada.send(event, body)
                shown = status(f"Error: {ack['error']['message']}")
                ada.wait("the status", lambda events, shown=shown: shown in events)
        self.assertEqual(ada.ask("text", {"msg": "and goes on"}), {"ok": True})
        last = message("Ada: and goes on")
        heard = bob.wait("the message", lambda events: last in events)
        entered = [status("Bob has entered the room."), status("Ada has entered the room.")]
        self.assertEqual(heard[1:], [*entered, last])

    def test_5000_messages_in_order(self):
        room = fresh("room")
        bob, ada = self.joined(room, "Bob"), self.joined(room, "Ada")
        for index in range(BURST):
            ada.send("text", {"headless": True, "msg": str(index)})
        expected = [message(f"Ada: {index}") for index in range(BURST)]
        for receiver in (ada, bob):
            heard = receiver.wait("the last one", lambda events: events[-1] == expected[-1])
            self.assertEqual([event for event in heard if event[0] == "message"], expected)

    def test_a_disconnect_is_one_leave_after_the_grace(self):
        room = fresh("room")
        bob = self.joined(room, "Bob")
        ada = self.kind(self.server.url, self.transport)
        ada.ask("joined", {"headless": True, "name": "Ada", "room": room})
        ada.close()
        bob.wait("Ada's leaving", lambda events: status("Ada has left the room.") in events)
        bob.ask("text", {"msg": "fence"})
        heard = bob.wait("the fence", lambda events: message("Bob: fence") in events)
        entered = [status("Bob has entered the room."), status("Ada has entered the room.")]
        self.assertEqual(heard[1:], [*entered, status("Ada has left the room."), message("Bob: fence")])

    def test_a_lost_client_that_joins_again_gets_what_was_said_meanwhile(self):
        room = fresh("room")
        bob = self.joined(room, "Bob")
        ada = self.kind(self.server.url, self.transport)
        body = {"headless": True, "name": "Ada", "room": room}
        ada.ask("joined", body)
        bob.ask("text", {"msg": "0"})
        ada.wait("the message", lambda events: message("Bob: 0") in events)
        ada.close()
        missed = [message(f"Bob: {index}") for index in range(1, 41)]
        for index in range(1, 41):
            bob.ask("text", {"msg": str(index)})
        ada = self.connect()
        # Its own text is under way before it is in the room.
        ada.send("joined", body)
        ada.send("text", {"msg": "back"})
        heard = ada.wait("its message", lambda events: events[-1] == message("Ada: back"))[1:]
        self.assertEqual(heard[0], status("Ada has entered the room."))
        self.assertRegex(heard[1][1]["msg"], r"^While you were away \(\d+ s\): 4[01] messages\.$")
        # A last one that it may not have received comes again.
        self.assertEqual([event for event in heard[2:] if event != message("Bob: 0")], [*missed, message("Ada: back")])
        self.assertEqual(ada.ask("left", body), {"ok": True})
        self.assertEqual(self.connect().ask("joined", body)["members"], ["Bob", "Ada"])

    def test_devices_of_one_name_hear_everything_once(self):
        room = fresh("room")
        bob = self.joined(room, "Bob")
        devices = []
        for index in range(3):
            devices.append(self.joined(room, "Ada"))
            bob.ask("text", {"msg": str(index)})
            for device in devices:
                device.wait("the message", lambda events, last=message(f"Bob: {index}"): events[-1] == last)
        entered = status("Ada has entered the room.")
        for index, device in enumerate(devices):
            expected = [entered, *(message(f"Bob: {later}") for later in range(index, 3))]
            self.assertEqual(device.wait("", lambda events: True)[1:], expected)

    def test_comes_back_before_its_old_connection_is_known_to_be_lost(self):
        room = fresh("room")
        bob = self.joined(room, "Bob")
        # One that polls no more, and has said nothing about it.
        polling = f"{self.server.url}/socket.io/?EIO=4&transport=polling"
        with urllib.request.urlopen(polling) as answer:
            sid = json.loads(answer.read()[1:])["sid"]
        body = {"headless": True, "name": "Ada", "room": room}
        joined = "42" + json.dumps(["joined", body])
        with urllib.request.urlopen(f"{polling}&sid={sid}", data=f"40\x1e{joined}".encode()) as answer:
            answer.read()
        bob.wait("her entering", lambda events: events[-1] == status("Ada has entered the room."))
        missed = [message(f"Bob: {index}") for index in range(3)]
        for index in range(3):
            bob.ask("text", {"msg": str(index)})
        ada = self.connect()
        self.assertTrue(ada.ask("joined", body)["ok"])
        heard = ada.wait("the last", lambda events: events[-1] == missed[-1])[1:]
        self.assertEqual(heard[0], status("Ada has entered the room."))
        self.assertRegex(heard[1][1]["msg"], r"^While you were away \(\d+ s\): 3 messages\.$")
        self.assertEqual(heard[2:], missed)

    def test_comes_back_by_itself_after_a_restart(self):
        server = Server()
        self.addCleanup(lambda: server.stop())
        client = self.connect(server.url)
        body = {"headless": True, "name": "Ada", "room": "room"}
        client.ask("joined", body)
        server = server.restarted()
        client.wait("a new connection", lambda events: events.count(("connect",)) == 2)
        self.assertEqual(client.ask("joined", body)["members"], ["Ada"])
        client.ask("text", {"headless": True, "msg": "hello again"})
        heard = client.wait("the message", lambda events: message("Ada: hello again") in events)
        self.assertEqual([event[0] for event in heard].count("disconnect"), 1)
        entered = status("Ada has entered the room.")
        self.assertEqual(heard[-2:], [entered, message("Ada: hello again")])

    def test_gets_what_was_said_around_a_restart_and_around_a_crash(self):
        for end in (Server.restarted, Server.killed):
            with self.subTest(end=end.__name__):
                servers = [Server("--leave-grace", "0s")]
                self.addCleanup(lambda servers=servers: servers.pop().stop())
                joined = [{"headless": True, "name": name, "room": "room"} for name in ("Ada", "Bob", "Cy")]
                ada, bob, cy = (self.connect(servers[0].url) for _ in joined)
                for client, body in zip((ada, bob, cy), joined):
                    client.ask("joined", body)
                cy.ask("left", joined[2])
                bob.ask("text", {"msg": "0"})
                ada.wait("the message", lambda events: message("Bob: 0") in events)
                servers[0] = end(servers[0])
                for client in (ada, bob, cy):
                    client.wait("a new connection", lambda events: events.count(("connect",)) == 2)
                bob.ask("joined", joined[1])
                for index in range(1, 4):
                    bob.ask("text", {"msg": str(index)})
                ada.send("joined", joined[0])
                heard = ada.wait("the last message", lambda events: events[-1] == message("Bob: 3"))
                heard = heard[heard.index(("connect",), 1) + 1 :]
                self.assertEqual(heard[0], status("Ada has entered the room."))
                self.assertRegex(heard[1][1]["msg"], r"^While you were away \(\d+ s\): [34] messages\.$")
                missed = [message(f"Bob: {index}") for index in range(1, 4)]
                # One that it may not have received comes again.
                self.assertEqual([event for event in heard[2:] if event != message("Bob: 0")], missed)
                # Whoever left is given nothing, and nobody gets an argument more.
                cy.ask("joined", joined[2])
                bob.ask("text", {"msg": "live"})
                heard = cy.wait("the live one", lambda events: events[-1] == message("Bob: live"))
                entered = heard.index(("connect",), 1) + 1
                self.assertEqual(heard[entered:], [status("Cy has entered the room."), message("Bob: live")])
                for client in (ada, bob, cy):
                    events = client.wait("", lambda events: True)
                    events = [event for event in events if event[0] in ("status", "message")]
                    self.assertTrue(all(len(event) == 2 for event in events), events)


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for kind, transport in itertools.product((SyncClient, AsyncClient), TRANSPORTS):
        name = f"{kind.__name__}Over{transport.title()}"
        case = type(name, (Contract, unittest.TestCase), {"kind": kind, "transport": transport})
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    result = unittest.main(exit=False, warnings="ignore").result
    failed = len({str(test) for test, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)
