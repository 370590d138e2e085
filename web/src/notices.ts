// The notifications that the browser shows for the page. Each has a tag: another with the same one takes its place.

export interface Notice {
  readonly tag: string;
  readonly title: string;
  readonly body: string;
  /** Stays until the person closes it, where the browser can do that. */
  readonly stays?: boolean;
}

export class Notices {
  readonly #shown = new Map<string, Notification>();

  /** Whether it was shown. */
  show({ tag, title, body, stays = false }: Notice): boolean {
    try {
      // Not in TypeScript's list, and without it what takes another's place makes no sound.
      const options: NotificationOptions & { renotify: boolean } = {
        body,
        tag,
        icon: "/assets/icon-192.png",
        requireInteraction: stays,
        renotify: true,
      };
      const shown = new Notification(title, options);
      shown.addEventListener("click", () => {
        window.focus();
        shown.close();
      });
      shown.addEventListener("close", () => {
        if (this.#shown.get(tag) === shown) this.#shown.delete(tag);
      });
      this.#shown.set(tag, shown);
      return true;
    } catch {
      // Browsers on phones have the name, but no way to show one from a page.
      return false;
    }
  }

  close(tag: string): void {
    this.#shown.get(tag)?.close();
    this.#shown.delete(tag);
  }
}
