/* Keep the received music: played, sounding and planned.
 *
 * Law: positions are ticks, 24 a quarter note; seconds of the daemon's clock become ticks here and nowhere else. While
 * the music waits, so does the tick.
 */

export const QUARTER = 24;
const KEPT = 200; // steps

/** Steps as notes that may last over several of them, each with its name, and its voice, counted from the top. */
export function notesOf(steps) {
  const notes = [];
  let sounding = new Map();
  for (const step of steps) {
    const next = new Map();
    const starts = step.starts.map((start) => (Array.isArray(start) ? start[0] : start));
    for (const [pitch, name, voice] of written(step, starts)) {
      const before = step.held.includes(pitch) ? sounding.get(pitch) : undefined;
      const note = before ?? { pitch, name, voice, from: step.tick, step };
      if (!before) notes.push(note);
      note.to = step.tick + step.ticks;
      next.set(pitch, note);
    }
    sounding = next;
  }
  return notes;
}

/** Pitch, name and voice of all that sounds in a step; of a seed piece, which is not played yet, by rank alone. */
function written(step, starts) {
  if (step.notes) return step.notes;
  return [...starts, ...step.held].sort((a, b) => b - a).map((pitch, rank) => [pitch, "", Math.min(rank, 3)]);
}

/** The bar lines in steps: {tick, bar}. */
export function barsOf(steps) {
  const lines = [];
  for (const step of steps) {
    const length = (4 * QUARTER * step.metre[0]) / step.metre[1];
    let { bar } = step;
    for (let tick = step.tick - step.phase; tick < step.tick + step.ticks; tick += length, bar++) {
      if (tick >= step.tick) lines.push({ tick, bar });
    }
  }
  return lines;
}

/** Where in its bar a step begins: '12.3', or '12.3½' off the beat. */
export function placeOf(step) {
  const beat = (step.phase * step.metre[1]) / (4 * QUARTER);
  const off = { 0.25: "¼", 0.5: "½", 0.75: "¾" }[beat % 1] ?? (beat % 1 ? "+" : "");
  return `${step.bar}.${Math.floor(beat) + 1}${off}`;
}

export class Score {
  constructor() {
    this.version = 0; // grows with every change
    this.silent = new Set(); // voices that are not heard
    this.live = new Map(); // pitches that sound at the moment, and who plays them: person or voice
    this.reset([], []);
  }

  /** Begin anew with these steps. */
  reset(past, plan) {
    this.played = past.slice(-KEPT);
    this.plan = plan;
    this.frozen = null;
    this.changed();
  }

  /** A step has been handed to the player. */
  push(step) {
    const before = this.played.filter((one) => one.n < step.n); // after a restart, none
    this.played = [...before.slice(1 - KEPT), step];
    this.changed();
  }

  /** Of the steps from number `n` on, only these have sounded: the music was halted. */
  retract(n, steps) {
    this.played = [...this.played.filter((step) => step.n < n), ...steps];
    this.plan = [];
    this.changed();
    const last = this.played.at(-1);
    if (this.frozen !== null && last) this.frozen = Math.min(this.frozen, last.tick + last.ticks - 1);
  }

  /** A note of the moment begins or ends. */
  setLive(pitch, who, on) {
    if (on) this.live.set(pitch, who);
    else if (this.live.get(pitch) === who) this.live.delete(pitch);
    this.version += 1;
  }

  setPlan(steps) {
    this.plan = steps;
    this.changed();
  }

  changed() {
    const last = this.played.at(-1);
    const planned = this.plan.filter((step) => !last || step.tick >= last.tick + last.ticks);
    this.steps = [...this.played, ...planned];
    this.firstPlanned = planned[0]?.tick ?? Infinity;
    this.notes = notesOf(this.steps);
    this.bars = barsOf(this.steps);
    this.version += 1;
  }

  /** Index of the step that sounds at a moment of the daemon's clock, or that sounded last; -1 before the first. */
  indexAt(now) {
    const later = this.frozen === null ? (step) => step.due > now : (step) => step.tick > this.frozen;
    let index = this.steps.length - 1;
    while (index >= 0 && later(this.steps[index])) index -= 1;
    return index;
  }

  /** The tick that sounds at a moment of the daemon's clock; null before there is any music. */
  tickAt(now) {
    if (this.frozen !== null) return this.frozen;
    if (!this.steps.length) return null;
    const index = this.indexAt(now);
    const [step, next] = [this.steps[Math.max(0, index)], this.steps[index + 1]];
    const pace = 60 / (step.bpm * QUARTER); // seconds a tick
    if (index < 0) return step.tick - Math.min(4 * QUARTER, (step.due - now) / pace);
    const known = next && next.due - step.due < 1.6 * step.ticks * pace;
    const share = (now - step.due) / (known ? next.due - step.due : step.ticks * pace);
    return step.tick + step.ticks * Math.min(1, share);
  }

  /** Pause or resume the music. */
  freeze(now) {
    this.frozen = this.tickAt(now);
  }

  thaw() {
    this.frozen = null;
  }
}
