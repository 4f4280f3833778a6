/* Play the music in the browser, in sync with the MIDI port.
 *
 * Law: a note sounds at its due moment plus one delay, the same for all; the delay grows when a message came too late,
 * and never silently. Every note that was struck is released, also when the connection is lost.
 */

import { instrument, room } from "./instruments.js";
import { notesOf, QUARTER } from "../score.js";

const MARGIN = 0.02; // seconds that the delay grows by more than was needed
const SLOWEST = 3; // seconds a quarter note at the lowest tempo there is
const HANGING = 0.4; // seconds after a step's end at which it counts as the last

export class Listener {
  constructor(clock) {
    this.clock = clock;
    this.delay = 0; // seconds after the MIDI output
    this.sounding = new Map(); // pitch -> release(moment)
    this.player = null;
    this.instruments = new Map(); // promises, by name
  }

  get on() {
    return this.player !== null;
  }

  async wake(volume) {
    if (typeof AudioContext !== "function") {
      throw new Error("This browser has no Web Audio, and cannot play here. What bachd plays goes on.");
    }
    this.context ??= new AudioContext({ latencyHint: "balanced" });
    await this.context.resume();
    this.room ??= room(this.context);
    this.loud(volume);
  }

  /** Sound on the instrument of that name, or on a Web MIDI output. Call it from a click, as browsers require. */
  async start(choice, volume) {
    await this.wake(volume);
    const player = typeof choice === "string" ? await this.tuned(choice) : choice;
    this.hush();
    this.player = player;
  }

  /** The instrument of that name, ready to be struck. */
  tuned(name) {
    if (!this.instruments.has(name)) {
      const coming = instrument(name, this.context, this.room);
      coming.catch(() => this.instruments.delete(name)); // so that it is loaded again
      this.instruments.set(name, coming);
    }
    return this.instruments.get(name);
  }

  /** Play steps at a tempo for so many seconds, beside other sound. Returns a function that ends it. */
  async audition(name, volume, steps, bpm, seconds) {
    await this.wake(volume);
    const player = await this.tuned(name);
    const [start, second] = [this.context.currentTime + 0.1, (QUARTER * bpm) / 60];
    const endings = notesOf(steps.filter((step) => step.tick < seconds * second)).map((note) => {
      const release = player.strike(note.pitch, 80, start + note.from / second);
      const timer = setTimeout(() => release(start + note.to / second), (1000 * note.from) / second);
      return { timer, release, until: start + note.to / second };
    });
    return () => endings.forEach(({ timer, release, until }) => {
      clearTimeout(timer);
      if (until > this.context.currentTime) release(this.context.currentTime);
    });
  }

  /** 0 to 1, perceptually even. */
  loud(volume) {
    this.room?.gain.setTargetAtTime(volume * volume, this.context.currentTime, 0.02);
  }

  stop() {
    this.hush();
    this.player = null;
    this.context?.suspend();
  }

  /** The moment of the audio context at which `due`, of the daemon's clock, comes out of the loudspeaker. */
  moment(due) {
    const { contextTime, performanceTime } = this.context.getOutputTimestamp();
    const here = this.clock.here(due);
    if (performanceTime > 0 && contextTime > 0) return contextTime + (here - performanceTime) / 1000;
    return this.context.currentTime + (here - performance.now()) / 1000 - (this.context.outputLatency || 0);
  }

  /** Play a step: release what it does not hold, strike what it starts. */
  step(step) {
    if (!this.on) return;
    let at = this.moment(step.due) + this.delay;
    const late = this.context.currentTime + 0.005 - at;
    if (late > 1) return; // long past: it was missed
    if (late > 0) {
      this.delay += late + MARGIN;
      at += late + MARGIN;
    }
    const held = new Set(step.held);
    for (const [pitch, release] of this.sounding) {
      if (held.has(pitch)) continue;
      release(at);
      this.sounding.delete(pitch);
    }
    for (const [pitch, velocity, channel] of step.starts) {
      this.sounding.set(pitch, this.player.strike(pitch, velocity, at, channel));
    }
    clearTimeout(this.watch);
    const longest = (step.ticks / QUARTER) * SLOWEST + at - this.context.currentTime;
    this.watch = setTimeout(() => this.hush(), 1000 * (longest + HANGING));
  }

  /** End all that sounds now. */
  hush() {
    clearTimeout(this.watch);
    for (const release of this.sounding.values()) release(this.context.currentTime);
    this.sounding.clear();
  }

  /** Describe the latency. */
  describe() {
    if (!this.on) return "not listening";
    const out = 1000 * (this.context.outputLatency || this.context.baseLatency || 0);
    const delay = 1000 * this.delay;
    const step = delay < 1 ? "in step with the output" : `${delay.toFixed(0)} ms after the output`;
    return `${step} · latency here ${out.toFixed(0)} ms`;
  }
}
