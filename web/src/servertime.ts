// What time it is for the server, whatever the device's clock says.

export class ServerTime {
  /** The server's time when the page's own count, which nobody sets, was at 0. */
  #start: number | undefined;

  /** Whether something has come with the server's time. */
  get isKnown(): boolean {
    return this.#start !== undefined;
  }

  /** Something came just now that the server has sent at this moment; what was on its way for the least time says it best. */
  heard(at: number): void {
    this.#start = Math.max(this.#start ?? -Infinity, at - performance.now());
  }

  now(): number {
    return this.#start === undefined ? Date.now() : this.#start + performance.now();
  }
}
