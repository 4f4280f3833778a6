/* Show and change the settings of config.yaml while the music plays.
 *
 * Law: the server validates every value, and a field shows its refusal in the server's words; a field that is being
 * edited, or was refused, is not overwritten.
 */

import * as api from "./api.js";
import { bundle, by, make, say, title, write } from "./dom.js";

export const PROGRAMS = [[1, "grand piano"], [7, "harpsichord"], [8, "clavichord"], [9, "celesta"], [12, "vibraphone"],
  [20, "church organ"], [21, "reed organ"], [25, "guitar"], [41, "violin"], [43, "cello"], [49, "strings"],
  [53, "choir"], [69, "oboe"], [74, "flute"], [75, "recorder"]];

const LEARNT = new Set(["number", "choice", "yes"]); // what a controller can steer

const BEST = "empty: the model's own value";

/* kind: number (with a slider between `limits`), choice, list, text (with choices), word, yes or piece. */
const GROUPS = {
  "The music": [
    { key: "tempo", label: "Tempo", kind: "number", limits: [20, 300], step: 1, hint: "quarter notes a minute; empty: as suits the piece; or clock, link" },
    { key: "transpose", label: "Transpose", kind: "number", limits: [-24, 24], step: 1, hint: "semitones higher" },
    { key: "hours", label: "Hours of playing", kind: "list", hint: "such as 08:00-22:00; empty: always" },
    { key: "seed.piece", label: "Seed piece", kind: "piece", hint: "what the music starts with" },
    { key: "seed.bars", label: "Seed bars", kind: "number", limits: [1, 64], step: 1, hint: "before the model takes over" },
    { key: "model", label: "Model", kind: "choice", from: "models", hint: "the bundle that composes" },
    { key: "together", label: "Together", kind: "choice", from: "together", hint: "what is done with what you play on a keyboard" },
    { key: "together_voice", label: "Your voice", kind: "choice", from: "together_voices", hint: "that you play in harmonise and duet" },
    { key: "together_split", label: "Split", kind: "word", hint: "your voice has the keys from this note up, a bass those below; empty: all" },
  ],
  Sampling: [
    { key: "sampling.temperature", label: "Temperature", kind: "number", limits: [0, 2], step: 0.05, hint: `how daring; ${BEST}` },
    { key: "sampling.top_p", label: "Top p", kind: "number", limits: [0.1, 1], step: 0.01, hint: `how rare a note may be; ${BEST}` },
    { key: "sampling.key", label: "Key lock", kind: "number", limits: [0, 2], step: 0.05, hint: `how near to the key; ${BEST}` },
    { key: "sampling.range", label: "Range", kind: "list", hint: "lowest and highest note, such as C2 C6" },
    { key: "sampling.leading", label: "No parallel fifths and octaves", kind: "yes", hint: "between the voices" },
  ],
  Expression: [
    { key: "expression.swing", label: "Swing", kind: "number", limits: [50, 75], step: 1, hint: "per cent; 50 is even" },
    { key: "expression.humanise_ms", label: "Humanise", kind: "number", limits: [0, 30], step: 1, hint: "random delay, milliseconds" },
    { key: "expression.ritardando", label: "Ritardando", kind: "number", limits: [0, 1], step: 0.05, hint: "slowing down into endings" },
    { key: "expression.dynamics", label: "Dynamics", kind: "yes", hint: "velocity follows metre and phrase" },
  ],
  MIDI: [
    { key: "midi.output", label: "Output", kind: "text", from: "ports", hint: "auto, none, or part of a port's name" },
    { key: "midi.channels", label: "Channels", kind: "list", hint: "1, or 1 2 3 4 for a voice each" },
    { key: "midi.program", label: "Program", kind: "choice", hint: "General MIDI" },
    { key: "speaker.volume", label: "Loudspeaker", kind: "number", limits: [0, 100], step: 1, hint: "volume in per cent, while there is no synth" },
    { key: "midi.phrase_controller", label: "Phrase controller", kind: "number", limits: [1, 95], step: 1, hint: "swells with each phrase: 11 expression, 74 filter; empty: none" },
    { key: "midi.latency_ms", label: "Synth latency", kind: "number", limits: [0, 500], step: 1, hint: "milliseconds" },
  ],
};

export const pick = (values, key) => key.split(".").reduce((value, part) => value?.[part], values);
const shown = (value) => {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.join(" ");
  return typeof value === "object" ? Object.entries(value).map(([channel, one]) => `${channel}: ${one}`).join(", ") : String(value);
};

/** Convert typed text to JSON: empty to null, numbers to numbers, the rest is left to the server. */
export function meant(kind, text) {
  const one = (word) => (word !== "" && Number.isFinite(Number(word)) ? Number(word) : word);
  const plain = text.trim();
  if (plain === "") return null;
  if (kind === "list") return plain.split(/[\s,]+/).map(one);
  if (kind === "text") return plain.includes(",") ? plain.split(/\s*,\s*/) : plain;
  return kind === "number" ? one(plain) : plain;
}

export class Steer {
  /** `choose`: shows the pieces to begin with. */
  constructor(choose) {
    this.fields = [];
    for (const [name, group] of Object.entries(GROUPS)) {
      const fields = group.map((field) => this.build(field, choose));
      this.fields.push(...fields);
      by("fields").append(make("fieldset", {}, make("legend", {}, name), ...fields.map((field) => field.box)));
    }
    by("fields").addEventListener("submit", (event) => event.preventDefault());
    by("undo").addEventListener("click", () => this.run(api.undo(), "Undone."));
    by("redo").addEventListener("click", () => this.run(api.redo(), "Made again."));
    by("save").addEventListener("click", () => this.run(api.save(), "Saved to config.yaml."));
  }

  build(field, choose) {
    const id = `f-${field.key.replace(".", "-")}`;
    const traits = { id, "aria-describedby": `${id}-hint ${id}-fault`, autocomplete: "off" };
    const fault = make("p", { className: "fault", id: `${id}-fault`, role: "alert" });
    const hint = make("p", { className: "hint", id: `${id}-hint` }, field.hint);
    const label = make("label", { for: id }, field.label);
    const entry = make("div", { className: `entry ${field.kind}` });
    const made = { ...field, fault, entry };
    if (field.kind === "choice") made.input = make("select", traits);
    else if (field.kind === "yes") made.input = make("input", { ...traits, type: "checkbox" });
    else if (field.kind === "piece") made.input = make("button", { ...traits, type: "button", onclick: choose });
    else made.input = make("input", { ...traits, type: "text", inputMode: field.kind === "number" ? "decimal" : "text" });
    if (field.kind === "number") {
      const [min, max] = field.limits;
      made.slider = make("input", { type: "range", min, max, step: field.step, "aria-label": `${field.label}, slider` });
      made.slider.addEventListener("input", () => { made.input.value = made.slider.value; });
      made.slider.addEventListener("change", () => this.send(made));
      entry.append(made.slider);
    }
    if (field.kind === "text") {
      made.input.setAttribute("list", `${id}-list`);
      made.list = make("datalist", { id: `${id}-list` });
      entry.append(made.list);
    }
    entry.append(made.input);
    if (field.kind !== "piece") made.input.addEventListener("change", () => this.send(made));
    made.box = make("div", { className: "field" }, label, entry, hint, fault);
    if (LEARNT.has(field.kind)) made.box.dataset.learn = field.key;
    return made;
  }

  /** Show the settings that are in force. */
  show({ values, unsaved, undo, redo, choices, limits }) {
    this.values = values;
    for (const [id, works] of [["undo", undo], ["redo", redo]]) {
      if (!works && document.activeElement === by(id)) by("steer").focus(); // a disabled button keeps no focus
      by(id).disabled = !works;
    }
    by("save").disabled = !unsaved;
    write(by("saved"), unsaved ? "not saved yet" : "as in config.yaml");
    for (const field of this.fields) {
      const value = pick(values, field.key);
      field.box.hidden = value === undefined;
      this.offer(field, choices ?? {}, value);
      const [low, high] = limits?.[field.key] ?? [];
      if (field.slider && high !== undefined) Object.assign(field.slider, { min: low, max: high });
      field.box.parentElement.hidden = !field.box.parentElement.querySelector(".field:not([hidden])");
      if (field.input !== document.activeElement && !field.fault.textContent) this.write(field, value);
    }
  }

  offer(field, choices, value) {
    let options = (choices[field.from] ?? []).map((name) => [name, name]);
    if (field.key === "midi.program") options = [["", "unchanged"], ...PROGRAMS.map(([n, name]) => [n, `${n} ${name}`])];
    if (field.kind === "text") options = ["auto", "virtual", "none"].map((name) => [name, name]).concat(options);
    else if (field.kind !== "choice") return;
    if (field.kind === "choice" && !options.some(([one]) => String(one) === shown(value))) options.push([shown(value), shown(value)]);
    if (field.key === "model") options = options.map(([name]) => [name, bundle(name)]);
    const wanted = JSON.stringify(options);
    if (field.offered === wanted) return;
    field.offered = wanted;
    (field.list ?? field.input).replaceChildren(...options.map(([one, text]) => make("option", { value: one, textContent: text })));
  }

  write(field, value) {
    if (field.kind === "piece") write(field.input, value === null ? "random" : title(value));
    else if (field.kind === "yes") field.input.checked = value;
    else field.input.value = Array.isArray(value) && field.kind === "text" ? value.join(", ") : shown(value);
    if (field.slider && typeof value !== "string") field.slider.value = value ?? (field.key === "tempo" ? 84 : 1);
    field.slider?.classList.toggle("unset", value === null);
  }

  send(field) {
    let value = meant(field.kind, field.input.value);
    if (field.kind === "yes") value = field.input.checked;
    if (field.key === "midi.program" && value !== null) value = Number(value);
    field.fault.textContent = "";
    return this.set(field.key, value);
  }

  /** Change one setting. Returns whether it was taken. */
  set(key, value) {
    return this.run(api.change({ [key]: value }), "Takes effect on the next bar.");
  }

  async run(request, done) {
    write(by("steer-fault"), "");
    try {
      const settings = await request;
      for (const field of this.fields) this.blame(field, "");
      if (settings?.values) this.show(settings);
      say(done);
      return true;
    } catch (refusal) {
      if (!(refusal instanceof api.Refusal)) throw refusal;
      const told = new Map(); // all that is said of a field
      for (const fault of refusal.faults) {
        const field = this.fields.find(({ key }) => fault.startsWith(`${key}: `) || fault.includes(` ${key}: `));
        told.set(field, [...(told.get(field) ?? []), fault]);
      }
      for (const [field, faults] of told) {
        if (field) this.blame(field, faults.join("\n"));
        else write(by("steer-fault"), faults.join("\n"));
      }
      return false;
    }
  }

  blame(field, told) {
    write(field.fault, told);
    field.input.toggleAttribute("aria-invalid", false);
    if (told) field.input.setAttribute("aria-invalid", "true");
  }
}
