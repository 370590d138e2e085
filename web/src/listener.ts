// What the connection tells the page.

import type { Said } from "./lines.ts";
import type { Refusal } from "./outbox.ts";
import type { Policy } from "./policy.ts";
import type { Alert, AlertNews, ConfirmedNews, Gap, ReminderNews, RollCallNews } from "./protocol.ts";
import type { State } from "./state.ts";

export interface Listener {
  state(state: State): void;
  message(said: Said): void;
  entered(name: string, count: number): void;
  left(name: string, count: number): void;
  /** Messages are missing here; null if it is not known how many. */
  lost(missed: number | null): void;
  /** A message is gone. */
  removed(position: string): void;
  /** Hosts have decided something. */
  policy(policy: Policy): void;
  /** Something has become of an alert. */
  alert(news: AlertNews): void;
  /** The reader has not confirmed one, and is reminded. */
  reminded(news: ReminderNews): void;
  /** The reader has confirmed one, here or on another device. */
  confirmed(news: ConfirmedNews): void;
  /** For hosts: how far one has come. */
  rollCall(news: RollCallNews): void;
  /** The server's clock was set to this (ms since 1970). */
  clockSet(at: number): void;
  joined(arrival: Arrival): void;
  refused(refusal: Refusal): void;
  /** The person may come in again when they have done what the reason asks for. */
  outside(refusal: Refusal): void;
  /** The key of a host is worth nothing any more; the person is let in as a guest, if at all. */
  keyLost(): void;
  /** The person's token has expired; they are let in as a guest. */
  tokenOver(): void;
}

/** The room as it is on entering. */
export interface Arrival {
  /** Not all of them if there are very many. */
  readonly members: readonly string[];
  readonly count: number;
  /** When the server said so (ms since 1970). */
  readonly at: number;
  /** The first time the newest, and later what was missed; oldest first. */
  readonly messages: readonly Said[];
  /** The first time: whether there are older ones. */
  readonly more: boolean;
  /** When (ms since 1970) the connection was lost, unless this is the first time. */
  readonly awaySince: number | null;
  /** What is missing before the first message; `missed` is null if it is not known how many. */
  readonly gap: Gap | null;
  readonly policy: Policy;
  readonly isHost: boolean;
  /** Those in force. */
  readonly alerts: readonly Alert[];
  readonly mayAlert: boolean;
  /** Whether they may write now. */
  readonly maySpeak: boolean;
  /** What the person is called: by the login, or by their token. */
  readonly name: string;
}

export interface Page {
  readonly messages: readonly Said[];
  readonly more: boolean;
}
