// The number of messages that came while the page was hidden, in its title.

export class Unread {
  readonly #title = document.title;
  #count = 0;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#set(0);
    });
  }

  message(): void {
    if (document.hidden) this.#set(this.#count + 1);
  }

  #set(count: number): void {
    this.#count = count;
    document.title = count === 0 ? this.#title : `(${count}) ${this.#title}`;
  }
}
