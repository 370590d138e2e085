// What the server answers and tells, as far as the page reads it (docs/protocol-v2.md).

import type { Deed } from "./deeds.ts";
import type { Refusal } from "./outbox.ts";
import type { Policy } from "./policy.ts";

export type Answer<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly error: Refusal };

/** Why nothing came of it, in the words of the page, where nothing did. */
export interface Failed {
  readonly problem?: string | undefined;
}

export interface Message {
  readonly id: string;
  readonly position: string;
  readonly at: string;
  readonly name: string;
  readonly msg: string;
}

export interface Gap {
  readonly missed: number | null;
}

export interface Joined {
  readonly at: string;
  readonly name: string;
  readonly position: string;
  readonly members: readonly string[];
  readonly count: number;
  readonly history: readonly Message[];
  readonly gap: Gap | null;
  readonly more: boolean;
  readonly can: readonly string[];
  readonly policy?: Policy;
  /** The alerts that are in force. */
  readonly state: readonly Alert[];
}

/** A message that has a state (docs/protocol-v2.md, "Alerts"). */
export interface Alert {
  readonly id: string;
  readonly level: "info" | "warning" | "emergency";
  readonly text: string;
  readonly by: string;
  readonly at: string;
  readonly drill: boolean;
  /** Everybody is asked to confirm it, with one of these answers if there are any. */
  readonly confirm: boolean;
  readonly answers: readonly string[];
  /** What a client of v1 says to confirm it. */
  readonly word: string | null;
  /** Whoever may hear the room sees who has not confirmed it. */
  readonly show_missing: boolean;
  /** How often whoever has not confirmed it is reminded (s). */
  readonly remind: number | null;
  /** After which time (s) it is passed on where people have not confirmed it. */
  readonly escalate_after: number | null;
  /** When it was. */
  readonly escalated_at: string | null;
  readonly countdown_to: string | null;
  /** Seconds that are left of a count that is paused. */
  readonly remaining: number | null;
  readonly ends_at: string | null;
  readonly audience: string | null;
  /** What is told when it ends; of one that has ended, what was told. */
  readonly all_clear: string | null;
  /** Of one that waits for a second person: until when. */
  readonly lapses_at?: string;
}

/** What has become of one. */
export interface AlertNews {
  readonly at: string;
  readonly state: "raised" | "updated" | "ended";
  readonly alert: Alert;
  readonly by: string | null;
  readonly all_clear: string | null;
  readonly mistake: boolean;
}

/** An alert that hosts have prepared: names in braces are blanks. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly level: Alert["level"];
  readonly drill: boolean;
  readonly confirm: boolean;
  readonly answers: readonly string[];
  readonly word: string | null;
  readonly show_missing: boolean;
  readonly remind: string | null;
  readonly escalate_after: string | null;
  readonly escalate_to: string | null;
  readonly countdown: string | null;
  readonly ends_after: string | null;
  readonly audience: string | null;
  readonly all_clear: string | null;
  readonly blanks: readonly string[];
}

/** What the page of a room begins with: the alerts in force and what time it was then, where anybody may look. */
export interface InForce {
  readonly at?: string;
  readonly alerts?: readonly Alert[];
}

/** What an action with alerts comes to. */
export interface Alerted {
  readonly alert?: Alert;
  /** Of `list`: those that wait for a second person. */
  readonly proposed?: readonly Alert[];
  readonly prepared?: readonly Prepared[];
}

/** Who is expected in the room: a part of the names. */
export interface Listed {
  readonly names: readonly string[];
  /** There are more behind those. */
  readonly more: boolean;
}

/** How far an alert has come with somebody; each stage holds those before it. */
export const STAGES = ["missing", "reached", "shown", "confirmed"] as const;
export type Stage = (typeof STAGES)[number];

/** Somebody in a roll call. */
export interface Called {
  readonly name: string;
  readonly stage: Stage;
  readonly at: string | null;
  readonly answer: string | null;
  /** The host who has confirmed it for them. */
  readonly by: string | null;
  readonly expected: boolean;
}

/** How many people there are at each stage, and who have given each answer. */
export type Counts = Readonly<Record<Stage | "expected", number>> & {
  readonly answers: Readonly<Record<string, number>>;
};

export interface RollCall {
  readonly id: string;
  readonly counts: Counts;
  readonly people: readonly Called[];
  readonly more: boolean;
}

/** For hosts: how far an alert has come. */
export interface RollCallNews {
  readonly id: string;
  readonly counts: Counts;
}

/** The reader has not confirmed an alert, and is reminded of it for the so many-th time. */
export interface ReminderNews {
  readonly id: string;
  readonly number: number;
}

/** The reader has confirmed an alert, here or on another device. */
export interface ConfirmedNews {
  readonly id: string;
  readonly person: Called;
}

/** What is said, or raised as an alert, again and again at its times (docs/protocol-v2.md, "Bells"). */
export interface Bell {
  readonly id: string;
  /** On which days: a rule of RFC 5545, and the day from which it counts. */
  readonly rule: string;
  readonly from?: string;
  /** As clocks in the zone show them: "08:40", or "08:40:30". */
  readonly times: readonly string[];
  readonly zone: string;
  /** Days, or spans of days, on which it does not ring. */
  readonly except?: readonly string[];
  readonly on?: Days;
  readonly name: string;
  readonly say?: string;
  readonly alert?: RaisedByBell;
  /** "skip", or by how much it may be late. */
  readonly missed: string;
  /** It is in the server's file. */
  readonly of_file: boolean;
  readonly days: Days;
  readonly next: string | null;
}

/** Days with other times, or with none. */
export type Days = Readonly<Record<string, readonly string[]>>;

export interface RaisedByBell {
  readonly text: string;
  readonly level: Alert["level"];
  readonly drill?: boolean;
  readonly confirm?: boolean;
  readonly ends_after: string;
}

/** One time at which a bell rings. */
export interface Ring {
  readonly at: string;
  readonly bell: string;
}

/** The bells of a room, and when they ring in the next days. */
export interface Bells {
  readonly bells: readonly Bell[];
  readonly rings: readonly Ring[];
  /** There are more: what rings after these is not known. */
  readonly more: boolean;
}

/** Where a program is told what happens in the room (docs/protocol-v2.md, "Webhooks"). */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly tells: readonly Told[];
  readonly made_by: string;
  readonly made_at: string;
  readonly delivered_at: string | null;
  readonly failing: Failing | null;
  /** Its receiver has said so: nothing is sent any more. */
  readonly gone: boolean;
}

export type Told = "message" | "alert";

/** What could not be delivered yet. */
export interface Failing {
  readonly attempts: number;
  readonly most_attempts: number;
  readonly next_at: string;
  /** In the words of the server. */
  readonly problem: string;
}

export interface Webhooks {
  readonly webhooks: readonly Webhook[];
}

/** A webhook that was made, or only its secret where it gets another one. */
export interface WebhookSecret {
  readonly webhook?: Webhook;
  readonly secret: string;
}

/** What became of a test. */
export interface TestedWebhook {
  readonly delivered: boolean;
  readonly status: number | null;
  /** In the words of the server. */
  readonly problem: string | null;
}

export interface History {
  readonly messages: readonly Message[];
  readonly gap: Gap | null;
  readonly more: boolean;
}

/** When a question came to the server, and when its answer went. */
export interface Time {
  readonly received: string;
  readonly sent: string;
}

export interface Spoken {
  readonly stored: boolean;
}

export interface Presence {
  readonly name: string;
  readonly count: number;
}

export interface Made {
  readonly host: string;
}

/** What an action of a host comes to. */
export interface Moderated {
  /** Of all but `audit`. */
  readonly policy?: Policy;
  /** What hosts did, the newest first. */
  readonly audit?: readonly Deed[];
  /** The new key, of `new_key`. */
  readonly host?: string;
  /** The new code, of `new_code`. */
  readonly room?: string;
  /** Of `mute` and `ban` of a name: whether somebody who is in the room is meant. */
  readonly here?: boolean;
}

/** Why the person is not in the room any more. */
export interface PutOut {
  readonly reason: string;
  readonly until: string | null;
  readonly message: string;
}
