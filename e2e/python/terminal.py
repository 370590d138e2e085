"""A command on a terminal: what a person types, and the screen that they see."""

import termios
import time

import pexpect
import pyte

from server import binary

DEADLINE = 20
ROWS, COLUMNS = 24, 80


class Terminal:
    """`alert` with these words on a terminal of its own, or another command."""

    def __init__(self, *words, command=None, **variables):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self.bytes = b""
        environment = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "TZ": "UTC", **variables}
        command = command or str(binary())
        self.process = pexpect.spawn(command, list(words), env=environment, dimensions=(ROWS, COLUMNS))
        self.process.delaybeforesend = None

    def type(self, text):
        self.process.send(text)

    def lines(self):
        """What is on the screen, without empty lines at the end."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip("\n").split("\n")

    def events(self):
        """The lines of the screen without their times and the prompt."""
        return [line[6:] for line in self.lines() if line[2:3] == ":"]

    def prompt(self):
        """The last line of the screen, with the cursor as a bar."""
        line, at = self.screen.display[self.screen.cursor.y], self.screen.cursor.x
        return f"{line[:at]}|{line[at:].rstrip()}"

    def wait(self, what, condition):
        """Reads until the condition holds."""
        end = time.monotonic() + DEADLINE
        while not condition(self):
            screen = "\n".join(self.lines())
            assert time.monotonic() < end, f"waited {DEADLINE} s for {what}; the screen is\n{screen}"
            try:
                chunk = self.process.read_nonblocking(65_536, timeout=0.2)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert condition(self), f"ended before {what}; the screen is\n{screen}"
                return
            self.bytes += chunk
            self._stream.feed(chunk)

    def wait_event(self, event):
        self.wait(event, lambda terminal: event in terminal.events())

    def wait_prompt(self, prompt):
        self.wait(prompt, lambda terminal: terminal.prompt() == prompt)

    def has_echo(self):
        """Whether the terminal is as a shell wants it."""
        flags = termios.tcgetattr(self.process.child_fd)[3]
        return bool(flags & termios.ECHO and flags & termios.ICANON)

    def end(self):
        """Waits for the end; what the exit code was."""
        self.wait("the end", lambda terminal: not terminal.process.isalive())
        self.wait("its last words", lambda terminal: terminal._is_read())
        self.process.wait()
        return self.process.exitstatus

    def _is_read(self):
        return self.process.flag_eof

    def close(self):
        self.process.close(force=True)
