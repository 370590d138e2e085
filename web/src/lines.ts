// The elements of the log: a message, somebody who came or went, a day, a gap. Text is text; only links are more.

import { paint } from "./colour.ts";
import { make } from "./dom.ts";
import { parts, text } from "./language.ts";
import { pieces } from "./links.ts";
import { clock, day, exactClock, isSameDay, span, timeElement } from "./time.ts";

/** What somebody said. */
export interface Said {
  /** Its place in the room's history; only the server knows what it means. */
  readonly position: string;
  /** ms since 1970. */
  readonly at: number;
  readonly name: string;
  readonly text: string;
  /** Said by the person at this page. */
  readonly own: boolean;
}

/** A line of the log, with what its neighbours need to know. */
export interface Line {
  readonly element: HTMLElement;
  readonly at: number;
  readonly said?: Said;
}

/** Somebody who goes on within this time (ms) after the line with the name needs no second name. */
const GROUP = 2 * 60_000;

export function messageLine(said: Said): Line {
  const words = make("span", "said");
  for (const { text, href } of pieces(said.text)) words.append(href === undefined ? text : link(text, href));
  const content = make("bdi", "text");
  if (said.name !== "") {
    const name = make("bdi", "name", said.name);
    paint(name, said.name);
    content.append(name, make("span", "colon", ": "));
  }
  content.append(words);
  const line = timed("message", said.at, content);
  line.classList.toggle("own", said.own);
  return { element: line, at: said.at, said };
}

/** Somebody has entered or left. */
export function presenceLine(kind: "entered" | "left", name: string, at: number): Line {
  const who = make("bdi", "name", name);
  const content = make("bdi", "text", ...parts(kind, { name: who }));
  return { element: timed("status", at, make("span", "vh", `${text("status")} `), content), at };
}

/** Something holds from now on. */
export function newsLine(words: string, at: number): Line {
  const content = make("span", "text", words);
  return { element: timed("status", at, make("span", "vh", `${text("status")} `), content), at };
}

/** Messages between two moments are not in the list: this many, or it is not known how many. */
export function gapLine(from: number, to: number, missed: number | null): Line {
  const times = {
    from: timeElement(from, exactClock(from)),
    to: timeElement(to, exactClock(to)),
    span: span(to - from),
  };
  const content = [
    ...parts("away", times),
    " ",
    missed === null ? text("gap") : text("gap_count", { count: missed }),
  ];
  return { element: make("div", "line gap", make("span", "text", ...content)), at: to };
}

/** Messages are missing between those that came: the server has lost them. */
export function lossLine(at: number, missed: number | null): Line {
  const content = missed === null ? text("gap_here") : text("gap_count", { count: missed });
  return { element: make("div", "line gap", make("span", "text", content)), at };
}

export function dayLine(at: number): HTMLElement {
  return make("div", "line day", timeElement(at, day(at, Date.now())));
}

/** From here on, everything is new to whoever was away. */
export function newLine(): HTMLElement {
  return make("div", "line new", make("span", "text", text("new_here")));
}

/** Whether `line` continues the group of `before`; `first` is the line of that group that has the name. */
export function continues(line: Line, before: Line | undefined, first: Line | undefined): boolean {
  if (line.said === undefined || before?.said === undefined || first?.said === undefined) return false;
  const isSamePerson = line.said.name === before.said.name && line.said.own === before.said.own;
  return isSamePerson && line.at - first.at < GROUP && isSameDay(line.at, before.at);
}

function timed(kind: string, at: number, ...content: Node[]): HTMLElement {
  return make("div", `line ${kind}`, timeElement(at, clock(at)), ...content);
}

function link(text: string, href: string): HTMLAnchorElement {
  const link = make("a", "", text);
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}
