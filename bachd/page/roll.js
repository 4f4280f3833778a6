/* Draw the piano roll, which scrolls under a line that marks the present.
 *
 * Law: a frame is drawn only when it differs from the one before; the note on the line is the note that sounds.
 */

import { fit, sign } from "./dom.js";
import { QUARTER } from "./score.js";

const KEYS = 34; // CSS pixels at the left for a keyboard
const TOP = 22; // CSS pixels at the top for the numbers of the bars
const NOW = 0.6; // place of the present, as a share of the width
const LEAST = [43, 77]; // the pitches shown at least: G2 to F5
const BLACK = new Set([1, 3, 6, 8, 10]);
const LABELLED = 8; // CSS pixels that a row needs for the name of a note

export class Roll {
  constructor(canvas, score, colours) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.score = score;
    this.range = [...LEAST];
    this.recolour(colours);
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
  }

  recolour(colours) {
    this.colours = colours;
    this.drawn = null;
  }

  resize() {
    [this.width, this.height] = fit(this.canvas);
    this.quarter = Math.min(86, Math.max(46, this.width / 15)); // CSS pixels
    this.drawn = null;
  }

  x(tick) {
    return KEYS + (this.width - KEYS) * NOW + ((tick - this.tick) * this.quarter) / QUARTER;
  }

  y(pitch) {
    return TOP + (this.range[1] - pitch + 0.5) * this.row - this.row / 2;
  }

  /** Show the music at a tick; null for none yet. `jumps`: without animation. */
  draw(tick, jumps) {
    const stamp = `${tick === null ? "-" : (tick * this.quarter).toFixed(0)} ${this.score.version}`;
    if (!this.approach(tick, jumps) && stamp === this.drawn) return;
    this.drawn = stamp;
    this.tick = tick ?? 0;
    this.row = (this.height - TOP - 4) / (this.range[1] - this.range[0] + 1);
    this.pen.clearRect(0, 0, this.width, this.height);
    const [left, right] = [this.tickAtX(KEYS), this.tickAtX(this.width)];
    const seen = this.score.notes.filter((note) => note.to > left && note.from < right);
    this.ground(left, right);
    this.threads(seen);
    for (const note of seen) this.note(note);
    this.line();
    this.live();
    this.names(seen);
    this.keyboard(seen);
  }

  tickAtX(x) {
    return this.tick + ((x - KEYS - (this.width - KEYS) * NOW) * QUARTER) / this.quarter;
  }

  /** Move the range of pitches towards the notes in view. Returns whether it moved. */
  approach(tick, jumps) {
    const near = this.score.notes.filter((note) => tick === null || note.to > tick - 12 * QUARTER);
    const low = Math.min(LEAST[0], ...near.map((note) => note.pitch)) - 2;
    const high = Math.max(LEAST[1], ...near.map((note) => note.pitch)) + 2;
    const still = Math.abs(low - this.range[0]) + Math.abs(high - this.range[1]) < 0.02;
    const share = jumps || this.drawn === null ? 1 : 0.08;
    if (still) return false;
    this.range = [this.range[0] + share * (low - this.range[0]), this.range[1] + share * (high - this.range[1])];
    return true;
  }

  /** The seed's part, the rows of the octaves, the bar lines. */
  ground(left, right) {
    const { pen, colours } = this;
    pen.fillStyle = colours.seed;
    for (const step of this.score.steps) {
      if (step.origin !== "seed" || step.tick > right || step.tick + step.ticks < left) continue;
      const from = Math.floor(this.x(step.tick));
      pen.fillRect(from, TOP, Math.floor(this.x(step.tick + step.ticks)) - from, this.height - TOP);
    }
    pen.fillStyle = colours.line;
    for (let pitch = Math.ceil(this.range[0] / 12) * 12; pitch <= this.range[1]; pitch += 12) {
      pen.fillRect(KEYS, Math.round(this.y(pitch) + this.row), this.width, 1);
    }
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    for (const { tick, bar } of this.score.bars) {
      const x = Math.round(this.x(tick));
      if (x < KEYS || x > this.width) continue;
      pen.fillStyle = colours.line;
      pen.fillRect(x, TOP - 4, 1, this.height);
      pen.fillStyle = colours.dim;
      pen.fillText(String(bar), x + 4, TOP / 2 + 1);
    }
    this.borders();
  }

  /** Labels where the network takes over from the seed, or back. */
  borders() {
    const { pen, colours, score } = this;
    pen.font = "italic 500 15px 'EB Garamond', Georgia, serif";
    pen.textBaseline = "top";
    score.steps.forEach((step, index) => {
      const before = score.steps[index - 1];
      if (!before || before.origin === step.origin || step.origin === "breath") return;
      const x = Math.round(this.x(step.tick));
      pen.fillStyle = colours.accent;
      pen.fillRect(x - 1, TOP, 2, this.height);
      pen.fillText(step.origin === "seed" ? "seed" : "the model takes over", x + 7, TOP + 4);
    });
  }

  /** Thin lines from note to note in each voice, to be followed like a part in a choir. */
  threads(seen) {
    const { pen, colours } = this;
    const last = [];
    pen.lineWidth = 1;
    for (const note of seen) {
      const before = last[note.voice];
      last[note.voice] = note;
      if (!before || note.from - before.to > QUARTER || note.from < before.to) continue;
      pen.globalAlpha = note.from >= this.tick ? 0.25 : 0.45;
      pen.strokeStyle = colours.voices[note.voice];
      pen.beginPath();
      pen.moveTo(this.x(before.to) - 2, this.y(before.pitch) + this.row / 2);
      pen.lineTo(this.x(note.from), this.y(note.pitch) + this.row / 2);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  note(note) {
    const { pen } = this;
    const colour = this.score.silent?.has(note.voice) ? this.colours.dim : this.colours.voices[note.voice];
    const thick = Math.min(Math.max(this.row - 1, 4), 14);
    const [x, y] = [this.x(note.from), this.y(note.pitch) + (this.row - thick) / 2];
    const [width, round] = [Math.max(3, this.x(note.to) - x - 2), Math.min(thick / 2, 5)];
    pen.beginPath();
    pen.roundRect(x, y, width, thick, round);
    if (note.from > this.tick) {
      pen.globalAlpha = 0.16;
      pen.fillStyle = colour;
      pen.fill();
      pen.globalAlpha = 0.8;
      pen.strokeStyle = colour;
      pen.lineWidth = 1.2;
      pen.stroke();
    } else if (note.to > this.tick) {
      pen.save();
      pen.shadowColor = colour;
      pen.shadowBlur = 14;
      pen.fillStyle = colour;
      pen.fill();
      pen.restore();
    } else {
      pen.globalAlpha = Math.max(0.32, 0.85 - (this.tick - note.to) / (22 * QUARTER));
      pen.fillStyle = colour;
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  /** The names of the notes that sound, beside the line. */
  names(seen) {
    if (this.row < LABELLED) return;
    const { pen, colours } = this;
    pen.font = "600 12px system-ui, sans-serif";
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const note of seen) {
      if (!note.name || note.from > this.tick || note.to <= this.tick) continue;
      const [x, y] = [this.x(this.tick) - 7, this.y(note.pitch) + this.row / 2];
      pen.lineWidth = 3;
      pen.strokeStyle = colours.paper;
      pen.strokeText(sign(note.name), x, y);
      pen.fillStyle = colours.ink;
      pen.fillText(sign(note.name), x, y);
    }
  }

  line() {
    const x = Math.round(this.x(this.tick));
    this.pen.fillStyle = this.colours.ink;
    this.pen.globalAlpha = 0.75;
    this.pen.fillRect(x, TOP - 6, 1.5, this.height);
    this.pen.globalAlpha = 1;
  }

  /** Notes of the moment, at the line: a person's in a colour of their own. */
  live() {
    const [x, thick] = [Math.round(this.x(this.tick)), Math.min(Math.max(this.row - 1, 4), 14)];
    for (const [pitch, who] of this.score.live) {
      this.pen.fillStyle = who === "person" ? this.colours.person : this.colours.voices[2];
      this.pen.fillRect(x - 5, this.y(pitch) + (this.row - thick) / 2, 22, thick);
    }
  }

  /** The keys at the left; those that sound have their voice's colour. */
  keyboard(seen) {
    const { pen, colours } = this;
    pen.fillStyle = colours.paper;
    pen.fillRect(0, 0, KEYS, this.height);
    const sounding = new Map();
    for (const note of seen) if (note.from <= this.tick && note.to > this.tick) sounding.set(note.pitch, note.voice);
    const [white, black] = [KEYS - 4, KEYS * 0.58];
    pen.fillStyle = colours["white-key"];
    pen.fillRect(0, TOP, white, this.height - TOP);
    for (let pitch = Math.ceil(this.range[0]); pitch <= this.range[1]; pitch++) {
      const [y, voice] = [this.y(pitch), sounding.get(pitch)];
      if (y < TOP) continue;
      const dark = BLACK.has(pitch % 12);
      if (dark || voice !== undefined) {
        pen.fillStyle = voice === undefined ? colours["black-key"] : colours.voices[voice];
        pen.fillRect(0, y, dark ? black : white, this.row);
      }
      if (pitch % 12 !== 0 && pitch % 12 !== 5) continue; // where two white keys meet
      pen.fillStyle = colours.line;
      pen.fillRect(0, Math.round(y + this.row) - 1, white, 1);
    }
    this.octaves(white);
  }

  /** The names of the octaves, over the keys, on paper of their own. */
  octaves(right) {
    const { pen, colours } = this;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.font = "600 11px system-ui, sans-serif";
    for (let pitch = Math.ceil(this.range[0] / 12) * 12; pitch <= this.range[1]; pitch += 12) {
      const y = this.y(pitch) + this.row / 2;
      if (y < TOP + 6) continue;
      pen.fillStyle = colours["white-key"];
      pen.fillRect(right - 19, y - 7, 19, 14);
      pen.fillStyle = colours.ink;
      pen.fillText(`C${pitch / 12 - 1}`, right - 2, y);
    }
  }
}
