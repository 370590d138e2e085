// The figures at the top, some with a line of the last minutes.

import { bytes, type Now, type Rates, short, sum } from "./admin-state.ts";
import { byId, make } from "./dom.ts";

/** Points of a line: two minutes, at one each two seconds. */
const POINTS = 60;
const SVG = "http://www.w3.org/2000/svg";

class Tile {
  readonly #figure = make("dd", "figure");
  readonly #more = make("dd", "more");
  readonly #path = document.createElementNS(SVG, "path");
  readonly #tile: HTMLElement;
  readonly #points: number[] = [];

  constructor(list: HTMLElement, title: string, hasLine: boolean) {
    this.#tile = make("div", "tile", make("dt", "", title), this.#figure, this.#more);
    if (hasLine) {
      const line = document.createElementNS(SVG, "svg");
      line.setAttribute("class", "spark");
      line.setAttribute("viewBox", `0 0 ${POINTS - 1} 20`);
      line.setAttribute("preserveAspectRatio", "none");
      line.setAttribute("aria-hidden", "true");
      line.append(this.#path);
      const holder = make("dd", "line");
      holder.append(line);
      this.#tile.append(holder);
    }
    list.append(this.#tile);
  }

  show(figure: string, more = "", isWrong = false): void {
    this.#figure.textContent = figure;
    this.#more.textContent = more;
    this.#more.hidden = more === "";
    this.#tile.classList.toggle("wrong", isWrong);
  }

  point(value: number): void {
    this.#points.push(value);
    if (this.#points.length > POINTS) this.#points.shift();
    const most = Math.max(1, ...this.#points);
    const from = POINTS - this.#points.length;
    const places = this.#points.map(
      (value, index) => `${from + index} ${(19 - (18 * value) / most).toFixed(1)}`,
    );
    this.#path.setAttribute("d", `M${places.join("L")}`);
  }
}

const HISTORY = { off: "off", memory: "in memory", file: "stored", redis: "in Redis" };

export class Tiles {
  readonly #list = byId("tiles", HTMLDListElement);
  readonly #people = new Tile(this.#list, "People", true);
  readonly #rooms = new Tile(this.#list, "Rooms", false);
  readonly #connections = new Tile(this.#list, "Connections", true);
  readonly #said = new Tile(this.#list, "Messages/s", true);
  readonly #deliveries = new Tile(this.#list, "Deliveries/s", true);
  readonly #queue = new Tile(this.#list, "Waiting for clients", true);
  readonly #history = new Tile(this.#list, "History", false);

  update(now: Now, rates: Rates | undefined): void {
    const connections = sum(now.connections);
    const ways = Object.entries(now.connections).filter(([, count]) => count > 0);
    this.#people.show(short(now.people));
    this.#people.point(now.people);
    this.#rooms.show(short(now.rooms_in_all));
    const most = now.most_connections === null ? "" : `of ${short(now.most_connections)}`;
    const isFull = now.most_connections !== null && connections > 0.9 * now.most_connections;
    const detail = ways.map(([way, count]) => `${short(count)} ${way}`).join(", ");
    this.#connections.show(
      short(connections),
      [most, detail].filter((part) => part !== "").join("; "),
      isFull,
    );
    this.#connections.point(connections);
    this.#said.show(
      rates === undefined ? "-" : short(rates.said),
      `${short(now.totals.said)} since the start`,
    );
    this.#deliveries.show(rates === undefined ? "-" : short(rates.deliveries));
    if (rates !== undefined) {
      this.#said.point(rates.said);
      this.#deliveries.point(rates.deliveries);
    }
    this.#queue.show(
      bytes(now.queue_bytes),
      now.is_congested ? "too much: nobody is read from" : "",
      now.is_congested,
    );
    this.#queue.point(now.queue_bytes);
    const fails = now.troubles.some((trouble) => /history|Redis/.test(trouble));
    this.#history.show(fails ? "fails" : HISTORY[now.history], "", fails);
  }
}
