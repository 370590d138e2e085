// How the server is, as it tells the page, and what the page makes of two such answers: rates.

export type Counts = Readonly<Record<string, number>>;

export interface Room {
  room: string;
  people: number;
  here: number;
  listeners: number;
  epoch: string;
  number: number;
  is_under_pressure: boolean;
}

export interface Node {
  name: string;
  is_this: boolean;
  version: string;
  address: string | null;
  started: number;
  connections: number;
  lag: number;
}

export interface Slow {
  connection: string;
  who: string | null;
  bytes: number;
  reads: boolean;
}

/** What /admin/state says. Times are in milliseconds since 1970. */
export interface Now {
  version: string;
  at: number;
  started: number;
  is_draining: boolean;
  history: "off" | "memory" | "file" | "redis";
  troubles: readonly string[];
  connections: Counts;
  most_connections: number | null;
  rooms_in_all: number;
  people: number;
  queue_bytes: number;
  is_congested: boolean;
  totals: { said: number; deliveries: number; entered: number; closed: Counts; refused: Counts };
  rooms: readonly Room[];
  slow: readonly Slow[];
  nodes: readonly Node[];
}

/** What happened a second between two answers; nothing where the server has started anew. */
export interface Rates {
  said: number;
  deliveries: number;
  /** Messages by room. */
  rooms: ReadonlyMap<string, number>;
}

export const sum = (counts: Counts): number => Object.values(counts).reduce((all, count) => all + count, 0);

export function rates(before: Now, now: Now): Rates | undefined {
  const seconds = (now.at - before.at) / 1000;
  if (before.started !== now.started || seconds <= 0) return undefined;
  const rate = (was: number, is: number): number => Math.max(0, is - was) / seconds;
  const numbers = new Map(before.rooms.map((room) => [`${room.epoch} ${room.room}`, room.number]));
  const rooms = now.rooms.map(({ room, epoch, number }): [string, number] => {
    const was = numbers.get(`${epoch} ${room}`);
    return [room, was === undefined ? 0 : rate(was, number)];
  });
  return {
    said: rate(before.totals.said, now.totals.said),
    deliveries: rate(before.totals.deliveries, now.totals.deliveries),
    rooms: new Map(rooms),
  };
}

/** What has grown since the first answer, the most first. */
export function grown(first: Counts, now: Counts): [string, number][] {
  const all = Object.entries(now).map(([kind, count]): [string, number] => [
    kind,
    count - (first[kind] ?? 0),
  ]);
  return all.filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

/** A number as short as it can be read: 12,345 or 1.2 million; below ten, with a decimal if there is one. */
export function short(value: number): string {
  if (value >= 1e6)
    return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
  const digits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value);
}

/** Bytes in the unit that fits. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${short(value / 1000 ** unit)} ${units[unit]}`;
}

/** How long, in its two largest units. */
export function duration(milliseconds: number): string {
  const units: [number, string][] = [
    [86_400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  let left = Math.max(0, Math.round(milliseconds / 1000));
  const parts: string[] = [];
  for (const [size, name] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}
