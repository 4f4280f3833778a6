/* Choose the key that the present piece is played in: a transposition by the shortest way.
 *
 * Law: the mode stays what it is; what is shown is the key that sounds.
 */

import { by } from "../dom.js";

const TONICS = {
  major: ["C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B"],
  minor: ["C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "G sharp", "A", "B flat", "B"],
};
const LETTERS = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const WIDEST = 24; // semitones

/** Pitch class and mode of a key's name, such as 'B flat major'. */
function parsed(name) {
  const [letter, ...rest] = name.split(" ");
  const shift = rest[0] === "flat" ? -1 : rest[0] === "sharp" ? 1 : 0;
  return { tonic: (LETTERS[letter] + shift + 12) % 12, mode: rest.at(-1) };
}

export class KeyChoice {
  /** `transpose`: called with the semitones that are wanted. */
  constructor(transpose) {
    this.semitones = 0;
    by("key").addEventListener("change", () => transpose(this.way(Number(by("key").value))));
  }

  /** The transposition after which the tonic is that pitch class, the nearest to what is composed. */
  way(tonic) {
    const composed = this.key.tonic - this.semitones;
    const up = (((tonic - composed) % 12) + 12) % 12;
    return Math.max(-WIDEST, up > 6 ? up - 12 : up);
  }

  show({ values }) {
    this.semitones = values.transpose ?? 0;
  }

  /** A step sounds. */
  play(step) {
    if (step.key === this.name) return;
    this.name = step.key;
    this.key = parsed(step.key);
    const { tonic, mode } = this.key;
    by("key").replaceChildren(...TONICS[mode].map((name, number) => new Option(`${name} ${mode}`, number, number === tonic, number === tonic)));
  }
}
