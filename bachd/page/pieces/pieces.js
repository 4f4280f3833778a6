/* Show the seed pieces, play and choose one, or upload another.
 *
 * Law: a piece is fetched only once it comes into view; only one plays at a time.
 */

import * as api from "../api.js";
import * as Catalogue from "./catalogue.js";
import { by, fit, make, plain, title, write } from "../dom.js";
import { notesOf } from "../score.js";

const HEARD = 20; // seconds of a piece that are played
const SEEN = 24 * 4 * 8; // ticks of it that are drawn: eight bars of four quarters
const LARGEST = 256 * 1024; // bytes of a .mid file

export class Pieces {
  /** `use(piece)`: begin with it, null for any. `hear(steps, tempo)`: play steps; returns a function that ends it. */
  constructor(use, hear, colours) {
    Object.assign(this, { use, hear, colours, known: new Map(), ending: null });
    this.seen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) this.load(target);
    }, { root: by("pieces"), rootMargin: "100px" });
    by("pieces-close").addEventListener("click", () => by("pieces").close());
    by("pieces").addEventListener("close", () => this.hush());
    for (const id of ["pieces-find", "pieces-mode", "pieces-metre"]) by(id).addEventListener("input", () => this.filter());
    by("pieces-any").addEventListener("click", () => this.choose(null));
    by("upload").addEventListener("change", () => this.bring(by("upload").files[0]));
  }

  /** Take the names of the pieces. */
  offer(names, present) {
    this.present = present;
    if (JSON.stringify(names) !== this.names) {
      this.names = JSON.stringify(names);
      this.known.clear();
      by("shelf").replaceChildren(...names.map((name) => this.card(name)));
      this.describe();
    }
    for (const card of by("shelf").children) card.classList.toggle("chosen", card.dataset.name === present);
  }

  open() {
    write(by("pieces-fault"), "");
    by("pieces").showModal();
    this.describe();
  }

  /** Show titles, keys and metres on the cards. */
  async describe() {
    try {
      const catalogue = await Catalogue.of(this.names);
      for (const card of by("shelf").children) {
        const found = catalogue.get(card.dataset.name);
        write(card.querySelector(".called"), found?.title ?? "");
        write(card.querySelector(".quiet"), found ? `${found.key} · ${found.metre} · ${found.bars} bars` : "your own");
        const words = [card.dataset.name, title(card.dataset.name), found?.title, found?.key, found?.metre];
        card.dataset.words = plain(words.join(" "));
        Object.assign(card.dataset, { mode: found?.key.split(" ").at(-1) ?? "", metre: found?.metre ?? "" });
      }
      const metres = [...new Set([...catalogue.values()].map(({ metre }) => metre))].sort();
      const offered = [["", "Any metre"], ...metres.map((metre) => [metre, metre])];
      const chosen = by("pieces-metre").value;
      by("pieces-metre").replaceChildren(...offered.map(([value, text]) => make("option", { value, textContent: text })));
      by("pieces-metre").value = metres.includes(chosen) ? chosen : "";
      this.filter();
    } catch (fault) {
      write(by("pieces-fault"), fault.message);
    }
  }

  card(name) {
    const play = make("button", { type: "button", textContent: "Listen" });
    const take = make("button", { type: "button", textContent: "Start with it" });
    play.setAttribute("aria-label", `Listen to ${title(name)}`);
    take.setAttribute("aria-label", `Start with ${title(name)}`);
    const acts = make("div", { className: "acts" }, play, take);
    const about = [make("h3", {}, title(name)), make("p", { className: "called" }), make("p", { className: "quiet" })];
    const card = make("li", {}, ...about, make("canvas", { "aria-hidden": "true" }), acts);
    card.dataset.name = name;
    play.addEventListener("click", () => this.toggle(card, play));
    take.addEventListener("click", () => this.choose(name));
    this.seen.observe(card);
    return card;
  }

  async load(card) {
    const { name } = card.dataset;
    try {
      draw(card.querySelector("canvas"), (await this.fetch(name)).steps, this.colours());
    } catch (fault) {
      this.known.delete(name);
      write(by("pieces-fault"), fault.message);
    }
  }

  /** A piece's events, with the ticks at which they begin. */
  fetch(name) {
    if (!this.known.has(name)) {
      this.known.set(name, api.piece(name).then(({ events, bpm }) => {
        let tick = 0;
        const steps = events.map((event) => ({ ...event, tick: (tick += event.ticks) - event.ticks }));
        return { steps, bpm };
      }));
    }
    return this.known.get(name);
  }

  async toggle(card, button) {
    const again = this.playing === button;
    this.hush();
    if (again) return;
    write(by("pieces-fault"), "");
    try {
      const { steps, bpm } = await this.fetch(card.dataset.name);
      const ending = await this.hear(steps, bpm ?? 84, HEARD);
      this.hush();
      Object.assign(this, { ending, playing: button });
      button.textContent = "Stop";
    } catch (fault) {
      write(by("pieces-fault"), fault.message);
    }
  }

  hush() {
    this.ending?.();
    if (this.playing) this.playing.textContent = "Listen";
    Object.assign(this, { ending: null, playing: null });
  }

  /** Show the cards that have every word that is looked for, and the mode and metre that are chosen. */
  filter() {
    const words = plain(by("pieces-find").value).split(/\s+/).filter(Boolean);
    const [mode, metre] = [by("pieces-mode").value, by("pieces-metre").value];
    for (const card of by("shelf").children) {
      const text = card.dataset.words ?? plain(`${card.dataset.name} ${title(card.dataset.name)}`);
      const fits = (!mode || card.dataset.mode === mode) && (!metre || card.dataset.metre === metre);
      card.hidden = !fits || !words.every((word) => text.includes(word));
    }
    const found = [...by("shelf").children].some((card) => !card.hidden);
    const wanted = [by("pieces-find").value, mode, metre].filter(Boolean).join(", ");
    write(by("shelf-empty"), found ? "" : `No piece fits '${wanted}'.`);
  }

  async choose(piece) {
    if (await this.use(piece)) by("pieces").close();
    else write(by("pieces-fault"), "bachd refused it; see the settings");
  }

  async bring(file) {
    if (!file) return;
    by("upload").value = "";
    write(by("pieces-fault"), file.size > LARGEST ? `${file.name} is larger than 256 KiB` : "");
    if (file.size > LARGEST) return;
    try {
      await this.choose((await api.upload(file)).piece);
    } catch (fault) {
      write(by("pieces-fault"), fault.message);
    }
  }
}

/** A piece's first bars, small. */
function draw(canvas, steps, colours) {
  const [width, height] = fit(canvas);
  const notes = notesOf(steps).filter((note) => note.from < SEEN);
  if (!notes.length || !width) return;
  const pitches = notes.map((note) => note.pitch);
  const [low, high] = [Math.min(...pitches) - 1, Math.max(...pitches) + 1];
  const pen = canvas.getContext("2d");
  const ticks = Math.min(SEEN, Math.max(...notes.map((note) => note.to)));
  pen.clearRect(0, 0, width, height);
  for (const note of notes) {
    pen.fillStyle = colours.voices[note.voice];
    const [x, y] = [(note.from / ticks) * width, ((high - note.pitch) / (high - low + 1)) * height];
    pen.fillRect(x, y, Math.max(1, ((note.to - note.from) / ticks) * width - 1), Math.max(2, height / (high - low + 1)));
  }
}
