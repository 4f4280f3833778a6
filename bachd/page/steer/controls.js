/* All that people steer with beside the fields of the settings, joined.
 *
 * Law: this file joins the others and decides nothing.
 */

import { KeyChoice } from "./key.js";
import { Learn } from "./learn.js";
import { Mixer } from "./mixer.js";
import { Piano } from "./piano.js";
import { Presets } from "./presets.js";
import { Sleep } from "./sleep.js";
import { listenToTaps } from "./tap.js";

export class Controls {
  /** `steer`: the settings. `attempt`: carries a request out, and shows its refusal. `play`: sends a MIDI message. */
  constructor({ steer, score, listener, attempt, play }) {
    this.piano = new Piano(play, listener, score, (value) => steer.set("together", value));
    this.sleep = new Sleep(attempt);
    this.key = new KeyChoice((semitones) => steer.set("transpose", semitones));
    this.shown = [
      this.piano,
      this.key,
      new Learn(steer),
      new Presets(steer),
      new Mixer((voices) => { score.silent = new Set(voices); }),
    ];
    this.tap = listenToTaps((bpm) => steer.set("tempo", bpm));
  }

  /** The settings have changed. */
  show(settings) {
    for (const part of this.shown) part.show(settings);
  }

  /** How the run is doing. */
  status({ rest }) {
    this.sleep.show(rest);
  }

  /** A step sounds. */
  step(step) {
    this.key.play(step);
  }

  /** Notes of the moment. */
  live(message) {
    this.piano.live(message);
  }

  /** The chord that comes next while a note is held. */
  next(notes) {
    this.piano.next(notes);
  }

  /** The connection is lost. */
  hush() {
    this.piano.hush();
  }
}
