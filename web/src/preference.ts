// A choice that the browser remembers, where it lets us: storage may be full, blocked or missing.

/** One switch, off unless it was turned on before. */
export class Preference {
  constructor(readonly key: string) {}

  get(): boolean {
    try {
      return localStorage.getItem(this.key) === "on";
    } catch {
      return false;
    }
  }

  set(on: boolean): void {
    try {
      if (on) localStorage.setItem(this.key, "on");
      else localStorage.removeItem(this.key);
    } catch {
      // In that case it holds for this page only.
    }
  }
}
