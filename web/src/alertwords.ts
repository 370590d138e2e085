// What is said of alerts.

import { inOrder } from "./alertorder.ts";
import { text } from "./language.ts";
import type { Alert } from "./protocol.ts";
import { chosenTime } from "./time.ts";

export const alertLevel = (alert: Pick<Alert, "level">): string => text(`level_${alert.level}`);

/** What is said of an alert: its level, and of a drill that it is one first. */
export function alertWords(alert: Pick<Alert, "level" | "drill" | "text">): string {
  return ofDrill(alert, text("alert_words", { level: alertLevel(alert), text: alert.text }));
}

const ofDrill = (alert: Pick<Alert, "drill">, words: string): string =>
  alert.drill ? text("alert_drill", { text: words }) : words;

/** What is said when one has ended; without an all-clear of whoever ended it, the alert's own is told. */
export function endWords(
  alert: Pick<Alert, "drill" | "text">,
  allClear: string | null = null,
  isMistake = false,
): string {
  if (isMistake) return ofDrill(alert, text("alert_mistaken", { text: alert.text }));
  const words =
    allClear === null ? text("alert_ended", { text: alert.text }) : text("alert_clear", { text: allClear });
  return ofDrill(alert, words);
}

/** What is said to whoever has not confirmed one. */
export function reminderWords(alert: Pick<Alert, "level" | "drill" | "text">): string {
  const words = text("alert_words", { level: alertLevel(alert), text: alert.text });
  return ofDrill(alert, text("alert_reminder", { text: words }));
}

/** What is said of a countdown that comes near its end. */
export function leftWords(alert: Pick<Alert, "drill" | "text">, seconds: number): string {
  return ofDrill(alert, text("alert_left", { left: chosenTime(seconds), text: alert.text }));
}

/** What is said of all that are in force: how many, and the first of them. */
export function allWords(alerts: readonly Alert[]): string {
  const [first] = inOrder(alerts);
  if (first === undefined) return "";
  const words = alertWords(first);
  return alerts.length === 1 ? words : `${text("alerts_count", { count: alerts.length })} ${words}`;
}

/** As the server says an alert in the room, in whose name. */
export const messageWords = ({ drill, level, text }: Pick<Alert, "drill" | "level" | "text">): string =>
  `${drill ? "DRILL: " : ""}${level.toUpperCase()}: ${text}`;
