// The dialogs that the host controls open.

import type { Ask } from "./ask.ts";
import { BellsDialog } from "./bellsdialog.ts";
import type { Connection } from "./connection.ts";
import { bellRoom, rosterRoom, webhookRoom } from "./roomdeeds.ts";
import { RosterDialog } from "./rosterdialog.ts";
import type { ServerTime } from "./servertime.ts";
import { WebhooksDialog } from "./webhooksdialog.ts";

export interface HostDialogs {
  readonly bells: BellsDialog;
  readonly roster: RosterDialog;
  readonly webhooks: WebhooksDialog;
}

export const hostDialogs = (connection: Connection, time: ServerTime, ask: Ask): HostDialogs => ({
  bells: new BellsDialog(bellRoom(connection, time), ask),
  roster: new RosterDialog(rosterRoom(connection), ask),
  webhooks: new WebhooksDialog(webhookRoom(connection), ask),
});
