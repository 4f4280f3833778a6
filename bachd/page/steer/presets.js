/* Presets: settings that go together, by name.
 *
 * Law: a preset is a change like any other, to be undone in one step; a button is pressed while all its values hold.
 */

import * as api from "../api.js";
import { by, make } from "../dom.js";
import { pick } from "../settings.js";

const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

export class Presets {
  /** `steer`: the settings, which carry changes out and show refusals. */
  constructor(steer) {
    this.steer = steer;
    by("preset-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
  }

  show({ values, presets }) {
    const told = JSON.stringify(presets);
    if (told !== this.told) by("presets").replaceChildren(...presets.flatMap((preset) => this.buttons(preset)));
    this.told = told;
    for (const { name, values: wanted } of presets) {
      const holds = Object.entries(wanted).every(([key, value]) => same(value, pick(values, key)));
      this.button(name).setAttribute("aria-pressed", String(holds));
    }
  }

  button(name) {
    return [...by("presets").children].find((button) => button.dataset.preset === name);
  }

  buttons({ name, own, values }) {
    const button = make("button", { type: "button", textContent: own ? name : name[0].toUpperCase() + name.slice(1), "aria-pressed": "false" });
    button.dataset.preset = name;
    button.addEventListener("click", () => this.steer.run(api.change(values), `${name}, from the next bar on.`));
    if (!own) return [button];
    const away = make("button", { type: "button", className: "round small", textContent: "×", "aria-label": `Remove the preset ${name}` });
    away.addEventListener("click", async () => {
      if (await this.steer.run(api.removePreset(name), `${name} is removed.`)) by("preset-name").focus();
    });
    return [button, away];
  }

  async save() {
    const name = by("preset-name").value.trim();
    if (!name) return by("preset-name").focus();
    if (await this.steer.run(api.savePreset(name), `${name} is saved.`)) by("preset-name").value = "";
    return undefined;
  }
}
