// The dialogs that the host controls open.

import type { Ask } from "./ask.ts";
import { BellsDialog } from "./bellsdialog.ts";
import type { Connection } from "./connection.ts";
import { bellRoom, webhookRoom } from "./roomdeeds.ts";
import type { ServerTime } from "./servertime.ts";
import { WebhooksDialog } from "./webhooksdialog.ts";

export interface HostDialogs {
  readonly bells: BellsDialog;
  readonly webhooks: WebhooksDialog;
}

export const hostDialogs = (connection: Connection, time: ServerTime, ask: Ask): HostDialogs => ({
  bells: new BellsDialog(bellRoom(connection, time), ask),
  webhooks: new WebhooksDialog(webhookRoom(connection), ask),
});
