/* Show the music as notes, which move with it: what is planned is grey.
 *
 * Law: the engraver is loaded only once somebody wants to see notes; one system is engraved at a time, and a system
 * that is engraved is engraved again only if its notes change.
 */

import { by, make, say, write } from "../dom.js";
import { barsOf, layOut, pieceAt, systemOf } from "./systems.js";

const KEPT = "bachd.view"; // where the browser keeps the choice
const TALL = 70; // CSS pixels of a staff with the space below it, at zoom 1
const AROUND = 90; // CSS pixels above and below a system
const COMFORT = 1300; // CSS pixels of width for which zoom 1 suits
const ZOOMS = [0.7, 1.2];
const SHARE = 500; // milliseconds at least between two engravings of one system

export class Notation {
  constructor(score) {
    Object.assign(this, { score, slots: [], piece: null, busy: false, on: false, staves: 4 });
    for (const name of ["roll", "score"]) by(`view-${name}`).addEventListener("click", () => this.choose(name));
    by("score-print").addEventListener("click", () => this.print());
    window.addEventListener("hashchange", () => this.follow());
    new ResizeObserver(() => this.resize()).observe(by("notation"));
    this.choose(this.remembered(), false);
    this.follow();
  }

  remembered() {
    try {
      return localStorage.getItem(KEPT);
    } catch {
      return null; // the browser keeps nothing
    }
  }

  /** `#stage=score` and `#stage=roll` choose, too. */
  follow() {
    const [, name] = window.location.hash.split("=");
    if (window.location.hash.startsWith("#stage=")) this.choose(name, false);
  }

  /** Show the roll or the score. */
  choose(name, keep = true) {
    this.on = name === "score";
    by("roll").hidden = this.on;
    by("notation").hidden = !this.on;
    by("score-acts").hidden = !this.on;
    by("legend").hidden = this.on;
    by("view-roll").setAttribute("aria-pressed", String(!this.on));
    by("view-score").setAttribute("aria-pressed", String(this.on));
    if (this.on) this.resize();
    else this.clear();
    try {
      if (keep) localStorage.setItem(KEPT, name);
    } catch {
      // then it is chosen again next time
    }
  }

  toggle() {
    this.choose(this.on ? "roll" : "score");
  }

  clear() {
    this.slots = [];
    by("systems").replaceChildren();
  }

  /** Divide the frame into rows for systems of so many staves. */
  resize(staves = this.staves) {
    const { clientWidth: width, clientHeight: height } = by("notation");
    const same = width === this.width && height === this.height && staves === this.staves && this.slots.length;
    if (!this.on || !width || same) return;
    Object.assign(this, { width, height, staves });
    const tall = this.staves * TALL + AROUND;
    const wanted = Math.min(ZOOMS[1], Math.max(ZOOMS[0], width / COMFORT));
    const rows = Math.max(1, Math.floor(height / tall / wanted + 0.3));
    this.zoom = Math.min(1.2 * wanted, height / rows / tall);
    this.slots = Array.from({ length: rows }, () => {
      const box = make("div", { className: "engraved" });
      const line = make("i", { className: "now-line" });
      return { row: make("div", { className: "system" }, box, line), box, line, mark: "", notes: [], places: [], at: 0 };
    });
    by("systems").replaceChildren(...this.slots.map((slot) => slot.row));
    this.piece = null;
  }

  /** Show the music at a tick and at the step of that index. */
  draw(tick, index) {
    if (tick === null || !this.slots.length || index < 0) return;
    if (this.version !== this.score.version || this.index !== index || this.piece === null) this.arrange(index);
    Object.assign(this, { version: this.score.version, index });
    const bar = this.bars.findLast((each) => each.from <= tick) ?? this.bars[0];
    if (!bar) return;
    const present = Math.max(0, Math.floor((bar.number - this.first) / this.layout.stride));
    for (let ahead = 0; ahead < this.slots.length; ahead++) this.want(present + ahead);
    this.slots.forEach((slot, place) => this.colour(slot, tick, place === present % this.slots.length));
  }

  /** Find the bars of the piece that sounds. */
  arrange(index) {
    const piece = pieceAt(this.score.steps, index);
    this.bars = barsOf(piece);
    const [opening] = piece.steps;
    const begins = opening.opens ? opening.n : this.piece ?? opening.n;
    if (this.piece === begins) return;
    this.piece = begins;
    this.first = opening.opens && opening.bar === 0 ? 0 : 1;
    this.layout = layOut(this.bars, this.width, this.zoom, this.slots.length);
    for (const slot of this.slots) { // nothing of the piece before stays below the new one
      slot.box.replaceChildren();
      Object.assign(slot, { mark: "", notes: [], places: [] });
    }
  }

  /** Have system `number` engraved in its row, if anything of it is known and not engraved yet. */
  want(number) {
    const system = systemOf(this.bars, this.first, this.layout, number);
    const slot = this.slots[number % this.slots.length];
    const again = slot.number === number && slot.piece === this.piece;
    if (this.busy || !system.bars.length || (again && slot.mark === system.mark)) return;
    if (again && performance.now() - slot.at < SHARE) return;
    this.busy = true;
    this.engrave(slot, system).catch((fault) => {
      slot.at = performance.now() + 4 * SHARE;
      write(by("score-fault"), fault.message);
    }).finally(() => { this.busy = false; });
  }

  async engrave(slot, { number, bars, mark }) {
    const { piece, zoom, layout } = this;
    const [{ engraveSystem }, xml] = await Promise.all([import("./engrave.js"), musicXml(`?bar=${bars[0].number}&bars=${bars.length}`)]);
    const box = make("div", { className: "engraved" });
    slot.row.append(box); // it has to be somewhere to be measured
    box.classList.add("unseen");
    try {
      const found = await engraveSystem(box, xml, { zoom, wide: layout.wide, first: number === 0 });
      slot.box.remove();
      Object.assign(slot, found, { number, piece, mark, box, start: bars[0].from, at: performance.now() });
      slot.row.style.order = number; // what is read later stands below
      box.classList.remove("unseen");
      write(by("score-fault"), "");
      if (found.staves !== this.staves) this.resize(found.staves);
    } catch (fault) {
      box.remove();
      throw fault;
    }
  }

  /** Show which notes have sounded, which sound, and which are planned. */
  colour(slot, tick, present) {
    const now = tick - slot.start;
    for (const { from, to, elements, sounds } of slot.notes) {
      const state = from > now ? "planned" : to > now && sounds && present ? "sounding" : "";
      for (const element of elements) if ((element.dataset.state ?? "") !== state) element.dataset.state = state;
    }
    slot.line.hidden = !present || !slot.places.length || slot.piece !== this.piece;
    if (!slot.line.hidden) slot.line.style.transform = `translateX(${xAt(slot.places, now).toFixed(1)}px)`;
  }

  /** Print the present piece, on pages of their own. */
  async print() {
    by("score-print").disabled = true;
    try {
      const [{ engravePages }, xml] = await Promise.all([import("./engrave.js"), musicXml("")]);
      by("sheet").replaceChildren();
      document.body.classList.add("printing");
      await engravePages(by("sheet"), xml);
      window.addEventListener("afterprint", () => {
        document.body.classList.remove("printing");
        by("sheet").replaceChildren();
      }, { once: true });
      window.print();
    } catch (fault) {
      document.body.classList.remove("printing");
      write(by("score-fault"), fault.message);
      say(fault.message);
    } finally {
      by("score-print").disabled = false;
    }
  }
}

async function musicXml(query) {
  let answer;
  try {
    answer = await fetch(`api/score.musicxml${query}`);
  } catch {
    throw new Error("bachd does not answer; the page keeps reconnecting");
  }
  if (!answer.ok) throw new Error((await answer.json()).faults?.[0] ?? `bachd answered ${answer.status}`);
  return answer.text();
}

/** Where a tick is between the onsets. */
function xAt(places, tick) {
  const next = places.findIndex((place) => place.tick > tick);
  if (next === 0) return places[0].x;
  const before = places.at(next < 0 ? -1 : next - 1);
  if (next < 0) return before.x;
  const share = (tick - before.tick) / (places[next].tick - before.tick);
  return before.x + share * (places[next].x - before.x);
}
