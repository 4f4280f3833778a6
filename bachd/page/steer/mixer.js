/* Mute, solo, volume and sound of each voice.
 *
 * Law: what is shown is what the daemon has; a slider that is being moved is left alone.
 */

import * as api from "../api.js";
import { by, make, say, write } from "../dom.js";
import { PROGRAMS } from "../settings.js";

const VOICES = ["soprano", "alto", "tenor", "bass"];
const REST = 200; // milliseconds

export class Mixer {
  /** `silence`: called with the voices that are not heard, counted from the top. */
  constructor(silence) {
    this.silence = silence;
    this.rows = VOICES.map((name, number) => this.row(name, number));
    by("mixer").append(...this.rows.map((row) => row.box));
  }

  row(name, number) {
    const row = { name };
    row.mute = this.toggle(name, "mute", "Mute");
    row.solo = this.toggle(name, "solo", "Solo");
    row.volume = make("input", { type: "range", min: 0, max: 150, step: 5, "aria-label": `Volume of the ${name}` });
    row.volume.dataset.learn = `voices.${name}.volume`;
    row.volume.addEventListener("input", () => { row.moving = true; });
    row.volume.addEventListener("change", () => { // once the arrow keys have come to rest, too
      clearTimeout(row.timer);
      row.timer = setTimeout(async () => {
        await this.set(name, "volume", Number(row.volume.value));
        row.moving = false;
      }, REST);
    });
    row.program = make("select", { "aria-label": `Sound of the ${name}` },
      new Option("sound of all", ""), ...PROGRAMS.map(([program, text]) => new Option(`${program} ${text}`, program)));
    row.program.addEventListener("change", () => this.set(name, "program", row.program.value ? Number(row.program.value) : null));
    const title = make("span", { className: `voice v${number}` }, name[0].toUpperCase() + name.slice(1));
    row.box = make("div", { className: "channel", role: "group", "aria-label": name }, title, row.mute, row.solo, row.volume, row.program);
    return row;
  }

  toggle(name, what, text) {
    const button = make("button", { type: "button", textContent: text, "aria-label": `${text} the ${name}`, "aria-pressed": "false" });
    button.dataset.learn = `voices.${name}.${what}`;
    button.addEventListener("click", () => this.set(name, what, button.getAttribute("aria-pressed") !== "true"));
    return button;
  }

  show({ values }) {
    const voices = values.voices ?? {};
    const solo = VOICES.some((name) => voices[name]?.solo);
    for (const row of this.rows) {
      const { mute, solo, volume, program } = voices[row.name] ?? {};
      row.mute.setAttribute("aria-pressed", String(Boolean(mute)));
      row.solo.setAttribute("aria-pressed", String(Boolean(solo)));
      if (!row.moving) row.volume.value = volume ?? 100;
      if (program && ![...row.program.options].some((option) => option.value === String(program))) {
        row.program.add(new Option(String(program), program));
      }
      row.program.value = program ?? "";
    }
    const silent = ({ mute, solo: own, volume } = {}) => mute || volume === 0 || (solo && !own);
    this.silence(VOICES.flatMap((name, number) => (silent(voices[name]) ? [number] : [])));
  }

  async set(name, what, value) {
    try {
      write(by("mixer-fault"), "");
      await api.change({ [`voices.${name}.${what}`]: value });
      say("Heard from the next note on.");
    } catch (fault) {
      write(by("mixer-fault"), fault.message);
    }
  }
}
