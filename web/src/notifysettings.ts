// What this device notifies of, and when it is quiet: kept by the browser, for all rooms.

import { minutes, type QuietHours } from "./quiethours.ts";

export interface NotifySettings {
  readonly on: boolean;
  /** Of messages and of alerts that only inform, too. */
  readonly messages: boolean;
  /** Also while the page is closed, by Web Push. */
  readonly push: boolean;
  readonly quiet: QuietHours | null;
}

export const KEY = "alert.notify";
const FIRST: NotifySettings = { on: false, messages: true, push: false, quiet: null };

export function kept(): NotifySettings {
  try {
    const text = localStorage.getItem(KEY);
    // All that was kept once: the switch.
    if (text === "on") return { ...FIRST, on: true };
    return parse(JSON.parse(text ?? "{}"));
  } catch {
    return FIRST;
  }
}

export function keep(settings: NotifySettings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Blocked or full: then it holds for this page only.
  }
}

/** The settings in what was kept, whatever that is. */
export function parse(found: unknown): NotifySettings {
  const { on, messages, push, quiet } = (found ?? {}) as Partial<Record<keyof NotifySettings, unknown>>;
  const { from, to } = (quiet ?? {}) as Partial<Record<keyof QuietHours, unknown>>;
  const isTime = (time: unknown): time is string => typeof time === "string" && minutes(time) !== undefined;
  return {
    on: on === true,
    messages: typeof messages === "boolean" ? messages : FIRST.messages,
    push: push === true,
    quiet: isTime(from) && isTime(to) ? { from, to } : null,
  };
}
