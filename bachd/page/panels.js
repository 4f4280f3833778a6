/* Show the panels beside the roll: events as text, probabilities and status.
 *
 * Law: every row exists from the start, and only its content changes, so that nothing on the page moves.
 */

import { titleOf } from "./pieces/catalogue.js";
import { bundle, by, fit, make, sign, title, write } from "./dom.js";
import { placeOf } from "./score.js";

const BEFORE = 3; // tokens shown from before now
const AFTER = 5;
const CHANCES = 8;
const WIDE = 1.2155; // how much further each class of lateness reaches than the one before

/** Show the piece, the bar, and the origin of the event. */
export function showWhere(step, halted) {
  const name = named(step);
  write(by("piece"), name);
  document.title = `${name} · bachd`;
  titleOf(step.piece).then((known) => write(by("known"), known));
  const who = { seed: "seed", model: "model", breath: "rest" }[step.origin];
  const pace = ` · ♩ = ${Math.round(step.bpm)}`;
  const key = step.key ? ` · ${step.key}` : "";
  write(by("where"), `${halted ? "paused · " : ""}bar ${step.bar} · ${step.metre.join("/")}${key}${pace} · ${who}`);
}

/** What a step belongs to: the piece itself, or what was composed after it. */
export function named(step) {
  return step.origin === "seed" ? title(step.piece) : `after ${title(step.piece)}`;
}

export class Words {
  constructor() {
    this.rows = Array.from({ length: BEFORE + 1 + AFTER }, (_, row) => {
      const [place, text] = [make("span", { className: "place" }), make("code")];
      const item = make("li", { className: row < BEFORE ? "past" : row > BEFORE ? "coming" : "present" }, place, text);
      by("tokens").append(item);
      return { item, place, text };
    });
  }

  /** Show the tokens around the one at `index` of `steps`. */
  show(steps, index) {
    this.rows.forEach(({ item, place, text }, row) => {
      const step = steps[index - BEFORE + row];
      write(place, step ? placeOf(step) : "");
      write(text, step ? step.text : "");
      item.dataset.origin = step?.origin ?? "";
    });
  }
}

export class Chances {
  constructor() {
    this.rows = Array.from({ length: CHANCES }, () => {
      const [text, bar, share] = [make("code"), make("i", { "aria-hidden": "true" }), make("b")];
      const item = make("li", {}, text, bar, share);
      by("alternatives").append(item);
      return { item, text, bar, share };
    });
    this.waiting = new Map(); // n -> the events that could come as step n
  }

  /** Store the probabilities of step `n`, before its event is known. */
  take(n, events) {
    this.waiting.set(n, events);
    for (const old of this.waiting.keys()) if (old < n - 64) this.waiting.delete(old);
  }

  /** Show the alternatives for the next step, and mark the one that was chosen, if it is known. */
  show(step, next) {
    const n = step.n + 1;
    const events = this.waiting.get(n) ?? [];
    let about = next ? `At ${placeOf(next)}; the event that was drawn is marked.` : "Probabilities of the next event.";
    if (!events.length) about = next?.origin === "seed" ? "The seed is playing; no event is drawn." : "No probabilities yet.";
    write(by("next-about"), about);
    this.rows.forEach(({ item, text, bar, share }, row) => {
      const event = events[row];
      write(text, event?.text ?? "");
      write(share, event ? percent(event.p) : "");
      bar.style.transform = `scaleX(${event ? event.p / events[0].p : 0})`;
      item.classList.toggle("drawn", Boolean(event && next && event.text === next.text));
    });
  }
}

const percent = (share) => (share >= 0.0995 ? `${Math.round(100 * share)} %` : `${(100 * share).toFixed(1)} %`);

export class State {
  constructor(colours) {
    this.colours = colours;
    this.spread = [];
    this.rare = null; // the 99th percentile, in seconds
    new ResizeObserver(() => this.draw()).observe(by("lateness"));
  }

  show(status) {
    by("s-model").title = status.model;
    write(by("s-model"), `${bundle(status.model)} on ${status.device === "edgetpu" ? "the Edge TPU" : "the CPU"}`);
    write(by("s-output"), status.output);
    const tempo = `${Math.round(10 * status.tempo) / 10} bpm`;
    write(by("s-tempo"), status.condition ? `${tempo}; ${status.condition}` : tempo);
    write(by("s-events"), status.events.toLocaleString("en"));
    write(by("s-uptime"), long(status.uptime_s));
    write(by("version"), status.version ?? "");
    this.faults(status.faults ?? []);
    this.spread = status.spread ?? [];
    this.late(status.lateness);
  }

  faults(faults) {
    const told = faults.map(({ time, what }) => `${time.slice(11, 19)}  ${what}`).reverse();
    if (this.told === told.join("\n")) return;
    this.told = told.join("\n");
    by("s-faults").replaceChildren(...(told.length ? told : ["none"]).map((text) => make("li", {}, text)));
  }

  late(late) {
    if (!late?.count) return;
    const many = late.count.toLocaleString("en");
    const said = `p50 ${ms(late.p50)}, p99 ${ms(late.p99)}, maximum ${ms(late.max)} of ${many} messages`;
    write(by("s-lateness"), said);
    by("lateness").setAttribute("aria-label", `Lateness: ${said}.`);
    this.rare = late.p99;
    this.draw();
  }

  /** A histogram of the lateness: how often, from 10 microseconds to a tenth of a second. */
  draw() {
    const canvas = by("lateness");
    const [width, height] = fit(canvas);
    const pen = canvas.getContext("2d");
    const floor = height - 16;
    const x = (seconds) => width * Math.min(1, Math.max(0, (Math.log10(seconds) + 5) / 4));
    const { dim, line, voices, accent } = this.colours;
    pen.clearRect(0, 0, width, height);
    pen.font = "11px system-ui, sans-serif";
    for (const [label, seconds] of [["0.1 ms", 1e-4], ["1 ms", 1e-3], ["10 ms", 1e-2]]) {
      pen.fillStyle = line;
      pen.fillRect(x(seconds), 0, 1, floor);
      pen.fillStyle = dim;
      pen.fillText(label, x(seconds) + 3, height - 3);
    }
    const most = Math.max(...this.spread.map(([, count]) => count), 1);
    pen.fillStyle = voices[2];
    for (const [upto, count] of this.spread) {
      const tall = Math.max(2, (floor - 4) * Math.sqrt(count / most)); // a root, so that rare values are visible, too
      pen.fillRect(x(upto / WIDE), floor - tall, Math.max(1, x(upto) - x(upto / WIDE) - 1), tall);
    }
    pen.fillStyle = dim;
    pen.fillRect(0, floor, width, 1);
    if (this.rare === null) return;
    pen.fillStyle = accent;
    pen.fillRect(x(this.rare), 0, 2, floor);
    pen.fillText("p99", x(this.rare) + 5, 9);
  }
}

const ms = (seconds) => `${(1000 * seconds).toFixed(seconds < 0.01 ? 2 : 0)} ms`;

function long(seconds) {
  const [d, h, m, s] = [86400, 3600, 60, 1].map((unit, i, units) => Math.floor((i ? seconds % units[i - 1] : seconds) / unit));
  const words = [[d, "d"], [h, "h"], [m, "min"], [s, "s"]].filter(([number]) => number).map((pair) => pair.join(" "));
  return words.slice(0, 2).join(" ") || "0 s";
}

/** Describe the roll for screen readers, once a bar. */
export function describe(canvas, step) {
  const notes = step.notes.map(([, name]) => sign(name)).reverse();
  const sounds = notes.length ? `sounding from the top: ${notes.join(", ")}` : "a rest";
  canvas.setAttribute("aria-label", `Piano roll of ${named(step)}, bar ${step.bar}; ${sounds}.`);
}
