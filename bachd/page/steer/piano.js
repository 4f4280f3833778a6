/* Play along: on the keys of this page, on the computer's keyboard, or on a MIDI keyboard at this computer.
 *
 * Law: each key that goes down comes up again: with the window's focus, at the latest. What a person plays has a colour
 * of its own, whoever plays it.
 */

import { by, make, say, write } from "../dom.js";

// By place on the keyboard, whatever letters are there: two rows, as white and black keys.
const CODES = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK", "KeyO", "KeyL", "KeyP", "Semicolon"];
const BLACK = new Set([1, 3, 6, 8, 10]);
const [LOWEST, HIGHEST] = [36, 84];
const NAMES = ["C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B"];
const FIRST = 60; // where Tab comes to, and the letters begin
const VELOCITY = 84;
const [OFF, ON] = [0x80, 0x90];

const named = (pitch) => `${NAMES[pitch % 12]} ${Math.floor(pitch / 12) - 1}`;

export class Piano {
  /** `send`: called with the bytes of a MIDI message. `listener`: sounds notes here, while it is on. `score`: shows them. */
  constructor(send, listener, score, setTogether) {
    Object.assign(this, { send, listener, score });
    this.octave = FIRST;
    this.down = new Map(); // what holds a note, and the note
    this.sounds = new Map(); // what sounds here by who and pitch
    this.keys = new Map();
    for (let pitch = LOWEST; pitch <= HIGHEST; pitch++) this.keys.set(pitch, this.key(pitch));
    by("piano").append(...this.keys.values());
    by("type").addEventListener("click", () => this.type(by("type").getAttribute("aria-pressed") !== "true"));
    by("webmidi").addEventListener("click", () => this.open());
    by("together").addEventListener("change", () => setTogether(by("together").value));
    window.addEventListener("keydown", (event) => this.press(event), true);
    window.addEventListener("keyup", (event) => this.release(`code ${event.code}`), true);
    window.addEventListener("blur", () => this.letGo());
    window.addEventListener("pointerup", (event) => this.release(`pointer ${event.pointerId}`));
    window.addEventListener("pointercancel", (event) => this.release(`pointer ${event.pointerId}`));
  }

  key(pitch) {
    const traits = { type: "button", tabIndex: pitch === FIRST ? 0 : -1, className: BLACK.has(pitch % 12) ? "black" : "white", "aria-label": named(pitch) };
    const key = make("button", traits);
    key.addEventListener("pointerdown", (event) => {
      key.releasePointerCapture(event.pointerId);
      this.strike(`pointer ${event.pointerId}`, pitch);
    });
    key.addEventListener("keydown", (event) => this.walk(event, pitch));
    return key;
  }

  /** Arrows go from key to key, and Enter plays the one with the focus. */
  walk(event, pitch) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Enter" && !event.repeat) this.strike(`code ${event.code}`, pitch);
    const to = step && this.keys.get(pitch + step);
    if (!to?.checkVisibility()) return; // on a narrow screen there are fewer keys
    event.preventDefault();
    this.keys.get(pitch).tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  show({ values, choices }) {
    const options = choices?.together ?? [];
    if (by("together").options.length !== options.length) by("together").replaceChildren(...options.map((name) => new Option(name, name)));
    if (document.activeElement !== by("together")) by("together").value = values.together;
  }

  /** Let the computer's keyboard play, or no longer. */
  type(on) {
    by("type").setAttribute("aria-pressed", String(on));
    if (!on) this.letGo();
    say(on ? "The letters play: A is C. Z and X change the octave, Escape ends." : "The letters do what they did before.");
  }

  press(event) {
    if (by("type").getAttribute("aria-pressed") !== "true" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") || ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName)) return;
    const place = CODES.indexOf(event.code);
    const shift = { KeyZ: -12, KeyX: 12 }[event.code];
    if (place < 0 && !shift && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation(); // nothing else is meant by it now
    if (event.repeat) return;
    if (event.key === "Escape") this.type(false);
    else if (shift) this.octave = Math.min(84, Math.max(36, this.octave + shift));
    else this.strike(`code ${event.code}`, this.octave + place);
  }

  strike(holder, pitch) {
    this.release(holder);
    this.down.set(holder, pitch);
    this.send([ON, pitch, VELOCITY]);
    this.sound("mine", pitch, VELOCITY);
    this.light(pitch, "person", true);
  }

  release(holder) {
    const pitch = this.down.get(holder);
    if (pitch === undefined) return;
    this.down.delete(holder);
    this.send([OFF, pitch, 0]);
    this.silence("mine", pitch);
    this.light(pitch, "person", false);
  }

  letGo() {
    for (const holder of [...this.down.keys()]) this.release(holder);
  }

  /** Play on the MIDI keyboards at this computer. */
  async open() {
    if (typeof navigator.requestMIDIAccess !== "function") {
      return write(by("piano-fault"), "This browser has no Web MIDI here: it needs localhost or HTTPS, and Chrome, Edge or Firefox.");
    }
    try {
      const access = await navigator.requestMIDIAccess();
      const listen = () => {
        const names = [...access.inputs.values()].map((input) => {
          input.onmidimessage = ({ data }) => this.take(input.id, [...data]);
          return input.name;
        });
        write(by("piano-fault"), "");
        write(by("webmidi-names"), names.length ? `listening to ${names.join(", ")}` : "no MIDI keyboard found at this computer");
      };
      access.onstatechange = () => {
        this.letGo();
        listen();
      };
      return listen();
    } catch {
      return write(by("piano-fault"), "the browser denied access to MIDI");
    }
  }

  /** A message of a MIDI keyboard. */
  take(id, data) {
    const [status, pitch, velocity] = data;
    const kind = status & 0xf0;
    const holder = `midi ${id} ${pitch}`;
    if (kind === ON && velocity) this.strike(holder, pitch);
    else if (kind === ON || kind === OFF) this.release(holder);
    else if (status < 0xf0) this.send(data);
  }

  /** Notes of the moment, of a person or of the voices that join. */
  live({ person, starts, ends }) {
    const who = person ? "person" : "voice";
    const own = new Set(this.down.values());
    for (const [pitch] of ends) {
      this.silence(who, pitch);
      if (!(person && own.has(pitch))) this.light(pitch, who, false);
    }
    for (const [pitch, velocity, channel] of starts) {
      if (!(person && own.has(pitch))) this.sound(who, pitch, velocity, channel);
      this.light(pitch, who, true);
    }
    const names = [...this.keys].filter(([, key]) => key.classList.contains("person")).map(([, key]) => key.getAttribute("aria-label"));
    write(by("played-now"), names.length ? `you play ${names.join(", ")}` : "");
  }

  /** What the voices that join sound next while a note is held. */
  next(notes) {
    for (const [pitch, key] of this.keys) key.classList.toggle("next", notes.includes(pitch));
    write(by("played-next"), notes.length ? `next, while you hold it: ${notes.map(named).join(", ")}` : "");
  }

  /** Nothing of the moment sounds any more: the connection is lost. */
  hush() {
    this.next([]);
    for (const release of this.sounds.values()) release(0);
    this.sounds.clear();
    for (const [pitch, who] of [...this.score.live]) this.light(pitch, who, false);
  }

  light(pitch, who, on) {
    this.keys.get(pitch)?.classList.toggle(who, on);
    this.score.setLive(pitch, who, on);
  }

  sound(who, pitch, velocity, channel = 1) {
    const { listener } = this;
    if (!listener.on) return;
    this.silence(who, pitch);
    this.sounds.set(`${who} ${pitch}`, listener.player.strike(pitch, velocity, listener.context.currentTime, channel));
  }

  silence(who, pitch) {
    this.sounds.get(`${who} ${pitch}`)?.(this.listener.context.currentTime);
    this.sounds.delete(`${who} ${pitch}`);
  }
}
