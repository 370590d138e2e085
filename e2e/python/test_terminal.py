"""`alert join` on a terminal and in pipes, as people use it; completions and the manual."""

import http.server
import itertools
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import requests
from server import Server, binary
from terminal import DEADLINE, Terminal
from test_contract import SyncClient, message, status

number = itertools.count(1)
HEADLESS = {"headless": True}


def run(*words, says=None, **variables):
    """Runs the command without a terminal to its end."""
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC", **variables}
    return subprocess.run(
        [binary(), *words],
        input=says,
        stdin=subprocess.DEVNULL if says is None else None,
        capture_output=True,
        env=environment,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


class WithServer(unittest.TestCase):
    # A grace that no test waits for: whoever is seen to leave has said so.
    flags = ("--leave-grace", "1h", "--event-rate", "0")

    def setUp(self):
        self.server = Server(*self.flags)
        self.addCleanup(lambda: self.server.stop())
        self.room = f"room-{next(number)}"

    def terminal(self, *words, name="Ada", **variables):
        words = ("join", self.room, "--name", name, "--url", self.server.url, *words)
        terminal = Terminal(*words, **variables)
        self.addCleanup(terminal.close)
        return terminal

    def joined(self, **more):
        """Ada at her prompt."""
        terminal = self.terminal(**more)
        # Which comes behind the list of those in the room.
        terminal.wait_event("* Ada has entered the room.")
        terminal.wait_prompt("Ada> |")
        return terminal

    def member(self, name="Bob"):
        client = SyncClient(self.server.url, "websocket")
        self.addCleanup(client.close)
        self.assertTrue(client.ask("joined", {**HEADLESS, "name": name, "room": self.room})["ok"])
        return client

    def join(self, *words, says=None, name="Ada", **variables):
        return run("join", self.room, "--name", name, "--url", self.server.url, *words, says=says, **variables)


class AtATerminal(WithServer):
    def test_what_is_said_comes_above_a_half_typed_line_which_stays(self):
        ada = self.joined()
        bob = self.member()
        ada.type("half a l")
        ada.wait_prompt("Ada> half a l|")
        for index in range(50):
            bob.ask("text", {"msg": f"line {index}"})
        ada.wait_event("Bob: line 49")
        ada.wait_prompt("Ada> half a l|")
        self.assertEqual(ada.events()[-20:], [f"Bob: line {index}" for index in range(30, 50)])
        self.assertEqual(ada.lines()[-1], "Ada> half a l")
        ada.type("ine\r")
        ada.wait_event("Ada: half a line")
        ada.wait_prompt("Ada> |")
        bob.wait("Ada's line", lambda events: events[-1] == message("Ada: half a line"))
        self.assertEqual(ada.events().count("Ada: half a line"), 1)

    def test_the_first_lines_say_who_is_there(self):
        self.member()
        ada = self.joined()
        self.assertEqual(ada.events(), ["* In the room: Bob, Ada.", "* Ada has entered the room."])
        self.assertEqual(len(ada.lines()), 3, ada.lines())

    def test_what_was_said_before_is_shown_first(self):
        bob = self.member()
        for number in range(1, 31):
            bob.ask("text", {"msg": f"line {number}"})
        ada = self.joined()
        said = [event for event in ada.events() if event.startswith("Bob: ")]
        self.assertEqual(said, [f"Bob: line {number}" for number in range(11, 31)])
        self.assertEqual(ada.events()[20], "* In the room: Bob, Ada.")
        for since, first in (("3", 28), ("none", 31), ("all", 1), ("1h", 1)):
            done = self.join("--since", since, says="x", name="Eve")
            lines = [line[20:] for line in done.stdout.splitlines() if " Bob: " in line]
            self.assertEqual(lines, [f"Bob: line {number}" for number in range(first, 31)], since)
        self.assertNotIn(" Bob: ", self.join(says="x", name="Eve").stdout)
        wrong = self.join("--since", "yesterday", says="x")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertIn("must be a position", wrong.stderr)

    def test_an_alert_is_confirmed_with_an_answer_and_the_roll_call_knows_it(self):
        made = requests.post(f"{self.server.url}/v1/rooms", json={"room": self.room}, timeout=DEADLINE).json()
        host = {"alert-host-key": made["host"], "alert-name": "Bob"}
        alerts = f"{self.server.url}/v1/rooms/{self.room}/alerts"
        ada = self.joined()
        raised = {"text": "Ice", "answers": ["safe", "need help"]}
        raised = requests.post(alerts, json=raised, headers=host, timeout=DEADLINE)
        place = f"{alerts}/{raised.json()['alert']['id']}"
        ada.wait_event('* To confirm "Ice": /confirm safe or /confirm need help')
        ada.type("/confirm\r")
        ada.wait("why", lambda terminal: "* Not sent (it asks for an answer: " in "\n".join(terminal.lines()))
        ada.type("/confirm need help\r")
        ada.wait_event("* You have confirmed: WARNING: Ice (need help)")
        requests.post(f"{place}/confirmations", json={"person": "Ada", "answer": "safe"}, headers=host, timeout=DEADLINE)
        ada.wait_event("* Bob has confirmed for you: WARNING: Ice (safe)")
        called = requests.get(f"{place}/roll_call", headers=host, timeout=DEADLINE).json()
        self.assertEqual((called["counts"]["expected"], called["counts"]["answers"]), (1, {"safe": 1}))
        done = run("join", self.room, "--name", "Eve", "--url", self.server.url, says="/confirm safe\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        called = requests.get(f"{place}/roll_call", headers=host, timeout=DEADLINE).json()
        self.assertEqual(called["counts"]["answers"], {"safe": 2})

    def test_statuses_are_dimmed_and_messages_are_not(self):
        bob = self.member()
        ada = self.joined()
        bob.ask("text", {"msg": "hi"})
        ada.wait_event("Bob: hi")
        self.assertRegex(ada.bytes, rb"\x1b\[2m\d\d:\d\d \* Ada has entered the room\.\x1b\[0m")
        self.assertRegex(ada.bytes, rb"\x1b\[2m\d\d:\d\d\x1b\[0m Bob: hi")

    def test_no_color_is_respected(self):
        bob = self.member()
        ada = self.joined(NO_COLOR="1")
        bob.ask("text", {"msg": "hi"})
        ada.wait_event("Bob: hi")
        self.assertIsNone(re.search(rb"\x1b\[[0-9;]*m", ada.bytes))

    def test_a_hostile_message_moves_nothing(self):
        bob = self.member()
        ada = self.joined()
        before = ada.lines()[:-1]
        bob.ask("text", {"msg": "\x1b[2J\x1b[H\x1b]0;title\x07\x9b1A\rAda> rm\u202e\nAda: forged"})
        ada.wait_event("Bob: \\u001b[2J\\u001b[H\\u001b]0;title\\u0007\\u009b1A\\rAda> rm\\u202e")
        ada.wait_prompt("Ada> |")
        self.assertEqual(ada.lines()[:2], before)
        self.assertEqual(ada.lines()[3:], ["      Ada: forged", "Ada>"])
        self.assertEqual(ada.screen.title, "")

    def test_a_half_typed_line_of_several_rows_and_wide_characters_stays_too(self):
        bob = self.member()
        ada = self.joined()
        # What is drawn last is the end of it.
        line = "wörld 日本語 " * 10 + "!"
        ada.type(line)
        ada.wait("the line", lambda ada: "".join(ada.lines()[2:]).endswith("!"))
        before = ada.lines()[2:], ada.prompt()
        bob.ask("text", {"msg": "tab\there"})
        ada.wait("Bob's line", lambda ada: any("Bob: tab" in event for event in ada.events()))
        ada.wait("the line again", lambda ada: (ada.lines()[3:], ada.prompt()) == before)
        ada.type("\r")
        bob.wait("the line", lambda events: events[-1] == message(f"Ada: {line}"))

    def test_it_can_be_stopped_and_comes_back_to_the_foreground(self):
        bob = self.member()
        shell = Terminal("--norc", "-i", command="bash", PS1="$ ")
        self.addCleanup(shell.close)
        shell.wait_prompt("$ |")
        shell.type(f"{binary()} join {self.room} --name Ada --url {self.server.url}\r")
        shell.wait_prompt("Ada> |")
        shell.type("half")
        shell.wait_prompt("Ada> half|")
        shell.type("\x1a")
        shell.wait("the shell", lambda shell: "Stopped" in "".join(shell.lines()) and shell.prompt() == "$ |")
        bob.ask("text", {"msg": "meanwhile"})
        shell.type("fg\r")
        shell.wait_event("Bob: meanwhile")
        shell.wait_prompt("Ada> half|")
        shell.type("\x03")
        shell.wait_prompt("$ |")
        shell.type("echo code $?\r")
        shell.wait("the exit code", lambda shell: "code 0" in shell.lines())

    def test_a_terminal_that_can_have_no_prompt_has_plain_lines(self):
        ada = self.terminal(TERM="dumb")
        ada.wait_event("* In the room: Ada.")
        ada.type("hello\r")
        ada.wait_event("Ada: hello")
        self.assertNotIn(b"\x1b[?", ada.bytes)
        ada.type("\x04")
        self.assertEqual(ada.end(), 0)

    def test_arrows_bring_back_what_was_said(self):
        ada = self.joined()
        for line in ("one", "two"):
            ada.type(f"{line}\r")
            ada.wait_event(f"Ada: {line}")
        ada.type("dra\x1b[A")
        ada.wait_prompt("Ada> two|")
        ada.type("\x1b[A")
        ada.wait_prompt("Ada> one|")
        ada.type("\x1b[B\x1b[B")
        ada.wait_prompt("Ada> dra|")
        ada.type("\x1b[A!\r")
        ada.wait_event("Ada: two!")

    def test_a_pasted_text_of_several_lines_is_one_message(self):
        bob = self.member()
        ada = self.joined()
        ada.type("\x1b[200~one\ntwo\x1b[201~")
        ada.wait("the paste", lambda ada: ada.prompt().startswith("two|"))
        ada.type("\r")
        bob.wait("it", lambda events: events[-1] == message("Ada: one\ntwo"))
        ada.wait_event("Ada: one")
        ada.wait_prompt("Ada> |")
        self.assertEqual(ada.lines()[-2:], ["      two", "Ada>"])

    def test_ctrl_c_and_ctrl_d_leave_at_once_and_properly(self):
        bob = self.member()
        for key in ("\x03", "\x04", "half a line\x03"):
            with self.subTest(key=key):
                seen = len(bob.heard.events)
                ada = self.joined()
                ada.type(key)
                bob.wait("Ada's leaving", lambda events, seen=seen: status("Ada has left the room.") in events[seen:])
                self.assertEqual(ada.end(), 0)
                self.assertTrue(ada.has_echo())
                self.assertTrue(ada.bytes.endswith(b"\n"))

    def test_quit_leaves_and_an_unknown_command_is_not_said(self):
        ada = self.joined()
        bob = self.member()
        ada.type("/qiut\r")
        ada.wait("the refusal", lambda terminal: "* Not sent (there is no such command" in "\n".join(terminal.lines()))
        ada.type("/help\r")
        ada.wait("the commands", lambda terminal: "* /quit leaves the room" in "\n".join(terminal.lines()))
        ada.type("//quit\r")
        ada.wait_event("Ada: /quit")
        ada.type("/quit\r")
        self.assertEqual(ada.end(), 0)
        self.assertTrue(ada.has_echo())
        bob.wait("Ada's leaving", lambda events: status("Ada has left the room.") in events)
        said = [event for event in bob.heard.events if event[0] == "message"]
        self.assertEqual(said, [message("Ada: /quit")])

    def test_a_service_manager_ends_it_properly_too(self):
        bob = self.member()
        for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=ending):
                seen = len(bob.heard.events)
                ada = self.joined()
                ada.process.kill(ending)
                bob.wait("Ada's leaving", lambda events, seen=seen: status("Ada has left the room.") in events[seen:])
                self.assertEqual(ada.end(), 0)
                self.assertTrue(ada.has_echo())

    def test_a_second_ctrl_c_does_not_wait_for_the_server(self):
        ada = self.joined()
        self.server.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.server.process.send_signal, signal.SIGCONT)
        ada.type("\x03")
        ada.wait("the terminal", lambda ada: ada.has_echo())
        ada.type("\x03")
        # 0 if the machine took longer for this than the second that leaving may take.
        self.assertIn(ada.end(), (0, 130))

    def test_after_a_restart_it_is_back_and_what_was_typed_meanwhile_arrives_once(self):
        ada = self.joined()
        self.server.stop()
        ada.wait_event("* Connection lost (server is restarting). Trying to come back.")
        ada.type("one\rtwo\rthr")
        ada.wait_event("* Waits for the connection: two")
        self.assertEqual(ada.events()[-2:], [f"* Waits for the connection: {line}" for line in ("one", "two")])
        port = self.server.port
        self.server = Server(*self.flags, port=port)
        ada.wait_event("* Back. In the room: Ada.")
        ada.wait_prompt("Ada> thr|")
        ada.type("ee\r")
        ada.wait_event("Ada: three")
        said = [event for event in ada.events() if event.startswith("Ada: ")]
        self.assertEqual(said, ["Ada: one", "Ada: two", "Ada: three"])
        self.assertEqual(sum("Connection lost" in event for event in ada.events()), 1)
        bob = self.member()
        bob.ask("text", {"msg": "hi"})
        ada.wait_event("Bob: hi")

    def test_what_still_waits_when_leaving_is_named(self):
        ada = self.joined()
        self.server.process.kill()
        ada.wait("the loss", lambda ada: any("Connection lost" in event for event in ada.events()))
        ada.type("hello\r")
        ada.wait_event("* Waits for the connection: hello")
        ada.type("\x03")
        self.assertEqual(ada.end(), 0)
        self.assertIn("* Not sent: hello", ada.events())
        self.assertTrue(ada.has_echo())
        self.server.process.wait()
        self.server = Server()

    def test_what_the_server_does_not_take_is_refused_with_the_limit(self):
        self.server.stop()
        self.server = Server("--max-msg-bytes", "10")
        ada = self.joined()
        ada.type("0123456789\r")
        ada.wait_event("Ada: 0123456789")
        ada.type("0123456789!\r")
        ada.wait_event("* Not sent (msg is longer than 10 bytes): 0123456789!")

    def test_a_refusal_gives_the_terminal_back(self):
        ada = self.terminal(name="x" * 65)
        self.assertEqual(ada.end(), 1)
        self.assertEqual(ada.lines(), ["alert: the server refused: name is longer than 64 characters."])
        self.assertTrue(ada.has_echo())

    def test_a_refusal_on_the_way_back_gives_the_terminal_back(self):
        ada = self.joined()
        self.server.stop()
        self.server = Server("--max-name-chars", "2", port=self.server.port)
        self.assertEqual(ada.end(), 1)
        self.assertTrue(ada.has_echo())
        self.assertEqual(ada.lines()[-1], "alert: the server refused: name is longer than 2 characters.")

    def test_json_on_a_terminal_has_no_prompt(self):
        ada = self.terminal("--json")
        ada.wait("the joining", lambda ada: b'"event":"joined"' in ada.bytes)
        self.assertNotIn(b"\x1b", ada.bytes)
        ada.type("\x03")
        self.assertEqual(ada.end(), 0)


class Silence(WithServer):
    flags = ("--ping-interval", "300ms", "--ping-timeout", "300ms")

    def test_a_server_that_says_nothing_any_more_is_lost(self):
        ada = self.joined()
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            ada.wait_event("* Connection lost (the server has gone silent). Trying to come back.")
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        ada.wait("the way back", lambda ada: any("* Back." in event for event in ada.events()))


class InAPipe(WithServer):
    def listener(self):
        """Ada, whose standard input stays open."""
        words = ["join", self.room, "--name", "Ada", "--url", self.server.url]
        listener = subprocess.Popen([binary(), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)
        self.addCleanup(listener.stdin.close)
        self.addCleanup(listener.stdout.close)
        return listener

    def test_a_line_of_standard_input_is_said_and_its_end_leaves(self):
        bob = self.member()
        done = self.join(says="Class ends in 5 minutes\n\n  two\r\nthree")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        heard = bob.wait("the leaving", lambda events: status("Ada has left the room.") in events)
        said = ["Class ends in 5 minutes", "  two", "three"]
        self.assertEqual([event for event in heard if event[0] == "message"], [message(f"Ada: {line}") for line in said])
        lines = done.stdout.splitlines()
        times = [re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", line) for line in lines]
        self.assertTrue(all(times), done.stdout)
        events = ["* In the room: Bob, Ada.", "* Ada has entered the room.", *(f"Ada: {line}" for line in said)]
        self.assertEqual([line[20:] for line in lines], events)

    def test_json_is_an_object_a_line(self):
        done = self.join("--json", says='say "hi"\n')
        self.assertEqual(done.returncode, 0, done.stderr)
        objects = [json.loads(line) for line in done.stdout.splitlines()]
        for found in objects:
            self.assertRegex(found.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(
            objects,
            [
                {"event": "joined", "members": ["Ada"], "count": 1},
                {"event": "status", "msg": "Ada has entered the room."},
                {"event": "message", "msg": 'Ada: say "hi"'},
            ],
        )

    def test_a_message_of_several_lines_is_one_line(self):
        listener = self.listener()
        self.assertIn("In the room", listener.stdout.readline())
        bob = self.member()
        bob.ask("text", {"msg": "one\ntwo\x1b[2J"})
        heard = itertools.takewhile(lambda line: "Bob: " not in line, listener.stdout)
        self.assertEqual(sum("Bob has entered" in line for line in heard), 1)
        bob.ask("text", {"msg": "end"})
        self.assertEqual(listener.stdout.readline()[20:], "Bob: end\n")
        listener.stdin.close()
        self.assertEqual(listener.wait(DEADLINE), 0)

    def test_many_lines_arrive_once_and_in_order(self):
        bob = self.member()
        lines = [str(index) for index in range(3_000)]
        done = self.join(says="\n".join(lines))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        heard = bob.wait("the leaving", lambda events: status("Ada has left the room.") in events)
        self.assertEqual([event for event in heard if event[0] == "message"], [message(f"Ada: {line}") for line in lines])
        self.assertEqual([line[20:] for line in done.stdout.splitlines()[2:]], [f"Ada: {line}" for line in lines])

    def test_what_is_refused_is_said_on_standard_error_with_exit_code_1(self):
        done = self.join(says="x" * 16_385 + "\nshort\n" + "y" * 2_000_000)
        self.assertEqual(done.returncode, 1)
        refused = [
            f"* Not sent (msg is longer than 16384 bytes): {'x' * 80}...",
            f"* Not sent (the server takes at most 1000000 bytes at once): {'y' * 80}...",
        ]
        self.assertCountEqual([line[20:] for line in done.stderr.splitlines()], refused)
        self.assertEqual(done.stdout.splitlines()[-1][20:], "Ada: short")

    def test_a_reader_that_has_enough_ends_it(self):
        bob = self.member()
        listener = self.listener()
        self.assertIn("In the room", listener.stdout.readline())
        listener.stdout.close()
        bob.ask("text", {"msg": "one more line"})
        bob.wait("Ada's leaving", lambda events: status("Ada has left the room.") in events)
        self.assertEqual(listener.wait(DEADLINE), 0)

    def test_the_name_and_the_server_come_from_the_environment_too(self):
        words = ("join", self.room)
        done = run(*words, says="hi", ALERT_NAME="Eve", ALERT_URL=self.server.url)
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1][20:]), (0, "Eve: hi"), done.stderr)
        done = run(*words, says="hi", USER="login", ALERT_URL=self.server.url)
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1][20:]), (0, "login: hi"), done.stderr)
        done = run(*words, says="hi", ALERT_URL=self.server.url)
        account = pwd.getpwuid(os.getuid()).pw_name
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1][20:]), (0, f"{account}: hi"), done.stderr)


class WithoutAServer(unittest.TestCase):
    def test_exit_code_3_and_why(self):
        server = Server()
        server.stop()
        done = run("join", "R1", "--name", "Ada", "--url", server.url)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(
            done.stderr,
            f"alert: nothing listens at {server.url}: check the port in --url, and that the server runs (alert serve)\n",
        )

    def test_a_server_of_something_else_is_exit_code_3_and_names_the_doctor(self):
        class Nothing(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

        other = http.server.HTTPServer(("127.0.0.1", 0), Nothing)
        threading.Thread(target=other.serve_forever, daemon=True).start()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        url = f"http://127.0.0.1:{other.server_port}"
        done = run("join", "R1", "--name", "Ada", "--url", url)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"alert doctor {url} finds out why", done.stderr)

    def test_wrong_usage_is_exit_code_2(self):
        for words in ((), ("",), ("R1", "--url", "ftp://x"), ("R1", "--no-such-flag")):
            with self.subTest(words=words):
                done = run("join", "--name", "Ada", *words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertNotEqual(done.stderr, "")


class Installing(unittest.TestCase):
    def test_every_shell_gets_completions_that_it_can_read(self):
        for shell in ("bash", "zsh", "fish", "powershell", "elvish"):
            with self.subTest(shell=shell):
                done = run("completions", shell)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("completions", done.stdout)
        done = run("completions", "tcsh")
        self.assertEqual(done.returncode, 2)
        self.assertIn("elvish", done.stderr)

    def test_bash_completes_a_command_and_a_flag(self):
        script = run("completions", "bash").stdout
        ask = """
            COMP_WORDS=(alert "$@") COMP_CWORD=$#
            _alert alert "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
        """
        for words, completions in ((("jo",), ["join"]), (("join", "--js"), ["--json"])):
            # On standard input, since an argument may have 128 KiB at most.
            shell = subprocess.run(
                ["bash", "-eus", *words], input=script + ask, capture_output=True, text=True, check=True
            )
            self.assertEqual(shell.stdout.split(), completions)

    def test_zsh_and_fish_can_read_theirs(self):
        for shell, flag in (("zsh", "-n"), ("fish", "--no-execute")):
            with self.subTest(shell=shell):
                script = run("completions", shell).stdout
                check = subprocess.run([shell, flag, "/dev/stdin"], input=script, capture_output=True, text=True, check=False)
                self.assertEqual((check.returncode, check.stderr), (0, ""))

    def test_the_manual_can_be_formatted_and_names_every_command(self):
        page = run("man")
        self.assertEqual((page.returncode, page.stderr), (0, ""))
        text = self.formatted(page.stdout)
        for command in ("serve", "join", "completions", "man"):
            self.assertIn(f"alert-{command}(1)", text)
        self.assertNotIn("alert-help(1)", text)
        self.assertIn("\n         alert --config /etc/alert.toml          ... with settings from a file\n", text)

    def test_the_manual_in_pages_has_one_for_each_command(self):
        with tempfile.TemporaryDirectory() as folder:
            pages = Path(folder) / "new" / "man1"
            done = run("man", "--dir", str(pages))
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            names = {page.name for page in pages.iterdir()}
            self.assertNotIn("alert-help.1", names)
            self.assertLessEqual({"alert.1", "alert-join.1", "alert-config-show.1", "alert-man.1"}, names)
            for page in pages.iterdir():
                with self.subTest(page=page.name):
                    self.formatted(page.read_text())
            join = self.formatted((pages / "alert-join.1").read_text())
            self.assertIn("alert join K7Q-FM2-XD9 --name Ada", join)
            (pages / "file").touch()
            done = run("man", "--dir", str(pages / "file"))
            self.assertEqual(done.returncode, 1)
            self.assertIn("--dir", done.stderr)

    def formatted(self, page):
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-P-cbou"], input=page, capture_output=True, text=True, check=False
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout


if __name__ == "__main__":
    result = unittest.main(exit=False, warnings="ignore").result
    failed = len({str(test) for test, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)
