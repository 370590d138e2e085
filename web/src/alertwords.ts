// What is said of alerts.

import { text } from "./language.ts";
import type { Alert } from "./protocol.ts";

export const alertLevel = (alert: Pick<Alert, "level">): string => text(`level_${alert.level}`);

/** What is said of an alert: its level, and of a drill that it is one first. */
export function alertWords(alert: Pick<Alert, "level" | "drill" | "text">): string {
  const words = text("alert_words", { level: alertLevel(alert), text: alert.text });
  return alert.drill ? text("alert_drill", { text: words }) : words;
}

/** What is said when one has ended. */
export function endWords(alert: Pick<Alert, "drill" | "text">, allClear: string | null = null): string {
  const words =
    allClear === null ? text("alert_ended", { text: alert.text }) : text("alert_clear", { text: allClear });
  return alert.drill ? text("alert_drill", { text: words }) : words;
}
