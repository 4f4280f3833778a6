/* MIDI learn: click "MIDI learn", then what is to be steered, and turn a knob.
 *
 * Law: while something is chosen, a click does nothing else; what was learned is a change like any other.
 */

import * as api from "../api.js";
import { by, make, write } from "../dom.js";

const TRIES = 7; // of some seconds each

export class Learn {
  /** `steer`: the settings, which carry changes out and show refusals. */
  constructor(steer) {
    this.steer = steer;
    by("learn").addEventListener("click", () => this.choose(!this.choosing));
    document.addEventListener("click", (event) => this.take(event), true);
    document.addEventListener("pointerdown", (event) => this.hold(event), true);
    document.addEventListener("keydown", (event) => {
      if (!this.choosing) return;
      if (event.key === "Escape") this.choose(false);
      else if (event.key === "Enter" || event.key === " ") this.take(event);
    }, true);
  }

  get choosing() {
    return by("learn").getAttribute("aria-pressed") === "true";
  }

  choose(on) {
    by("learn").setAttribute("aria-pressed", String(on));
    document.body.classList.toggle("learning", on);
    write(by("learning"), on ? "Click what is to be steered: a setting, a voice, or a button. Escape ends." : "");
  }

  /** While something is chosen, nothing is dragged or opened. */
  hold(event) {
    if (this.choosing && event.target.closest("[data-learn]")) event.preventDefault();
  }

  take(event) {
    const found = this.choosing && event.target.closest?.("[data-learn]");
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(false);
    this.learn(found.dataset.learn);
  }

  async learn(target) {
    write(by("learning"), `Turn the knob, or press the pedal or key, that is to do ${target} …`);
    try {
      const trigger = await this.next();
      const taken = await this.steer.run(api.change({ [`midi.controls.${trigger}`]: target }), `${trigger} does ${target} now.`);
      write(by("learning"), taken ? `${trigger} does ${target} now; save to keep it.` : "");
    } catch (fault) {
      write(by("learning"), fault.message);
    }
  }

  /** The name of what is used next. */
  async next(tries = TRIES) {
    try {
      return (await api.learn()).trigger;
    } catch (fault) {
      if (fault.status !== 422 || tries <= 1 || !fault.message.startsWith("nothing came in")) throw fault;
      return this.next(tries - 1);
    }
  }

  show({ values }) {
    const controls = Object.entries(values.midi?.controls ?? {});
    by("controls").replaceChildren(...controls.map(([trigger, target]) => {
      const forget = make("button", { type: "button", className: "round small", textContent: "×", "aria-label": `Forget ${trigger}` });
      forget.addEventListener("click", async () => {
        if (await this.steer.run(api.change({ [`midi.controls.${trigger}`]: null }), `${trigger} does nothing now.`)) by("learn").focus();
      });
      return make("li", {}, `${trigger}: ${target}`, forget);
    }));
  }
}
