// What a room's hosts have decided, and what it means for one person. Pure: the time is passed in.

/** As the server tells it (docs/protocol-v2.md, "Hosts"). */
export interface Policy {
  /** Whether there is one to be entered; nobody is told which. */
  readonly password: boolean;
  readonly announce: boolean;
  readonly locked: boolean;
  readonly closed: boolean;
  /** An emergency waits until a second person releases it. */
  readonly two_person: boolean;
  /** Seconds between two messages of a person. */
  readonly slow: number;
  readonly most: number | null;
  readonly reserved: readonly string[];
  readonly history: "all" | "none";
  /** In the order in which they were raised. */
  readonly hands: readonly string[];
  readonly words: readonly string[];
  readonly mutes: readonly Ending[];
  /** Only hosts are told. */
  readonly bans?: readonly Ban[];
}

interface Ending {
  readonly name: string;
  readonly until: string | null;
}

/** Of a name or of an address. */
export interface Ban extends Partial<Ending> {
  readonly address?: string;
}

/** That of a room which has none. */
export const OPEN: Policy = {
  password: false,
  announce: false,
  locked: false,
  closed: false,
  two_person: false,
  slow: 0,
  most: null,
  reserved: [],
  history: "all",
  hands: [],
  words: [],
  mutes: [],
};

/**
 * Whether somebody may write: like everybody, because they have the floor, not since only hosts can (`place` counts
 * their raised hand from 1; 0 is a hand that is down), or not since they are muted (`until` in ms since 1970).
 */
export type Speech =
  | { readonly kind: "free" }
  | { readonly kind: "word" }
  | { readonly kind: "hosts"; readonly place: number }
  | { readonly kind: "muted"; readonly until: number | null }
  /** Their token does not let them. */
  | { readonly kind: "reader" };

export function speech(policy: Policy, name: string, isHost: boolean, now: number): Speech {
  if (isHost) return { kind: "free" };
  const mute = policy.mutes.find((one) => one.name === name && !isOver(one.until, now));
  if (mute !== undefined)
    return { kind: "muted", until: mute.until === null ? null : Date.parse(mute.until) };
  if (!policy.announce) return { kind: "free" };
  if (policy.words.includes(name)) return { kind: "word" };
  return { kind: "hosts", place: policy.hands.indexOf(name) + 1 };
}

const isOver = (until: string | null, now: number): boolean => until !== null && Date.parse(until) <= now;

/** What everybody should hear of a change. */
export type News = "hosts_only" | "all_write" | "now_locked" | "now_unlocked" | "slow_on" | "slow_off_now";

export function news(before: Policy, after: Policy): News[] {
  const all: News[] = [];
  if (before.announce !== after.announce) all.push(after.announce ? "hosts_only" : "all_write");
  if (before.locked !== after.locked) all.push(after.locked ? "now_locked" : "now_unlocked");
  if (before.slow !== after.slow) all.push(after.slow > 0 ? "slow_on" : "slow_off_now");
  return all;
}
