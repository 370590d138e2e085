// Hours of each day in which the device is to be quiet, by its own clock. They may go past midnight.

export interface QuietHours {
  /** Times of day such as "22:00"; where both are the same, it is the whole day. */
  readonly from: string;
  readonly to: string;
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Minutes after midnight; nothing if it is no time of day. */
export function minutes(time: string): number | undefined {
  const [, hour, minute] = TIME.exec(time) ?? [];
  return hour === undefined ? undefined : Number(hour) * 60 + Number(minute);
}

export function isQuiet(hours: QuietHours | null, now: Date): boolean {
  const [from, to] = [minutes(hours?.from ?? ""), minutes(hours?.to ?? "")];
  if (from === undefined || to === undefined) return false;
  const at = now.getHours() * 60 + now.getMinutes();
  return from < to ? from <= at && at < to : at >= from || at < to;
}
