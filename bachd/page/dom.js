/* Helpers for every part of the page.
 *
 * Law: nothing here depends on bachd.
 */

/** The element with that id. */
export const by = (id) => document.getElementById(id);

/** A new element; `traits` are its properties, or, with a dash in the name, its attributes. */
export function make(tag, traits = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (name.includes("-") || name === "for" || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Set a text only if it differs, which saves layout. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Announce a rare event to screen readers. */
export function say(text) {
  by("said").textContent = text;
}

/** Give a canvas as many pixels as it covers on the screen. Returns its width and height in CSS pixels. */
export function fit(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
  return [width, height];
}

/** The colours of the style sheet that a canvas needs, by name; read again when the system turns dark or light. */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["ink", "dim", "line", "faint", "paper", "seed", "accent", "black-key", "white-key", "person"];
  const colours = Object.fromEntries(names.map((name) => [name, colour(name)]));
  return { ...colours, voices: [0, 1, 2, 3].map((voice) => colour(`v${voice}`)) };
}

/** A note's name with the signs of music: 'B♭3' for 'Bb3'. */
export const sign = (name) => name.replaceAll("#", "♯").replace(/(?<=^[A-G]b?)b/, "♭").replace(/(?<=^[A-G])b/, "♭");

/** A text in small letters, without accents and apostrophes, to be searched. */
export const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f'’]/g, "");

/** A bundle's name as people call it: that of its folder, where it has a path. */
export const bundle = (model) => model.replace(/\/+$/, "").replace(/^.*\//, "");

/** A piece's name as people write it: `bwv269` is BWV 269. */
export function title(piece) {
  const found = /^bwv(\d+[a-z]?(?:\.\d+)?)(?:-(.+))?$/i.exec(piece.replace(/^.*\//, "").replace(/\.midi?$/i, ""));
  if (!found) return piece.replace(/^.*\//, "").replace(/(-[0-9a-f]{8})?\.midi?$/i, "");
  const rest = found[2] ? `, ${found[2].replaceAll("-", " ")}` : "";
  return `BWV ${found[1]}${rest}`;
}
