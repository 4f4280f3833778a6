/* The instrument that plays in this browser, its volume, and the button that starts it.
 *
 * Law: nothing sounds before somebody has asked for it; a synth that the browser may not use is said, and is none.
 */

import { by, write } from "../dom.js";
import { MidiOut, offered, outputs } from "./midiout.js";
import { UsualSound } from "./usual.js";

const SYNTHS = "synths"; // the choice that asks the browser for its MIDI outputs
const HARPSICHORD = "harpsichord";

export class SoundChoice {
  /** `attempt`: runs an action, and shows why it was refused. */
  constructor(listener, attempt) {
    Object.assign(this, { listener, synths: new Map(), notice: "" }); // the browser's MIDI outputs by id
    this.select = by("instrument");
    this.usual = new UsualSound(this.select, () => attempt(async () => listener.on && this.listen()));
    if (offered()) this.select.add(new Option("A synth on this computer …", SYNTHS));
    by("listen").addEventListener("click", () => attempt(async () => {
      if (!listener.on) return this.listen();
      listener.stop();
      return this.show();
    }));
    this.select.addEventListener("change", () => attempt(async () => {
      if (this.select.value === SYNTHS) await this.offerSynths();
      if (listener.on) await this.listen();
    }));
    by("volume").addEventListener("input", () => listener.loud(this.volume));
    setInterval(() => listener.on && by("link").dataset.state === "live" && this.show(), 1000);
  }

  get volume() {
    return Number(by("volume").value);
  }

  /** Play steps of ours at a tempo for so many seconds. Returns a function that ends it. */
  async hear(steps, bpm, seconds) {
    const choice = this.select.value;
    return this.listener.audition(choice === SYNTHS ? HARPSICHORD : choice, this.volume, steps, bpm, seconds);
  }

  async listen() {
    const synth = this.synths.get(this.select.value);
    by("listen").disabled = true;
    write(by("listen-text"), "Tuning");
    try {
      await this.listener.start(synth ? new MidiOut(synth, () => this.listener.context) : this.select.value, this.volume);
    } finally {
      by("listen").disabled = false;
      this.show();
    }
  }

  show() {
    by("listen").setAttribute("aria-pressed", String(this.listener.on));
    write(by("listen-text"), this.listener.on ? "Listening" : "Listen here");
    if (!this.notice) write(by("latency"), this.listener.describe());
  }

  /** Offer the synths of this computer among the instruments. */
  async offerSynths() {
    try {
      for (const synth of await outputs()) {
        if (!this.synths.has(synth.id)) this.select.add(new Option(synth.name, synth.id), this.select.options.length - 1);
        this.synths.set(synth.id, synth);
        this.select.value = synth.id;
      }
      this.notice = this.synths.size ? "" : "no synth found on this computer";
    } catch {
      this.notice = "the browser denied access to MIDI";
    }
    if (this.notice) {
      write(by("latency"), this.notice);
      setTimeout(() => { this.notice = ""; this.show(); }, 5000);
    }
    if (this.select.value === SYNTHS) this.select.value = HARPSICHORD;
  }
}
