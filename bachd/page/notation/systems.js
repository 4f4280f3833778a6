/* Divide a piece into systems: how many bars each has, which one a tick is in, how far it is known.
 *
 * Law: pure functions of the steps; a system of the same steps has the same mark.
 */

import { QUARTER } from "../score.js";

const ROOM = 26; // CSS pixels of an onset, at zoom 1
const LEAST = 120; // of a bar
const SIGNS = 175; // of the clef and the signatures
const MOST = 8; // bars in a system

/** The piece that the step at `index` belongs to, as far as it is known: its {steps}, and whether it {ends} there. */
export function pieceAt(steps, index) {
  let [from, to] = [Math.max(0, index), Math.max(0, index) + 1];
  while (from > 0 && !steps[from].opens) from -= 1;
  while (to < steps.length && !steps[to].opens) to += 1;
  return { steps: steps.slice(from, to), ends: to < steps.length };
}

/** The bars of a piece that are known: {number, from, onsets, text}, `from` in the daemon's ticks. A rest that follows
 * the last bar is not written. */
export function barsOf({ steps, ends }) {
  const bars = [];
  for (const step of steps) {
    const length = (4 * QUARTER * step.metre[0]) / step.metre[1];
    let [tick, phase, number] = [step.tick, step.phase, step.bar];
    while (tick < step.tick + step.ticks && !(step.origin === "breath" && phase === 0)) {
      if (bars.at(-1)?.number !== number) bars.push({ number, from: tick, onsets: 0, text: "" });
      const to = Math.min(step.tick + step.ticks, tick + length - phase);
      const bar = bars.at(-1);
      Object.assign(bar, { onsets: bar.onsets + 1, text: `${bar.text} ${step.text}`, whole: to === tick + length - phase });
      [tick, phase, number] = [to, 0, number + 1];
    }
  }
  return bars.filter((bar, place) => bar.whole || (ends && place === bars.length - 1));
}

/** How systems of `slots` rows are laid out in so much width: {count, stride, wide}. */
export function layOut(bars, width, zoom, slots) {
  const densest = Math.max(...bars.map((bar) => bar.onsets), 1);
  const need = Math.max(LEAST, ROOM * densest) * zoom;
  const room = width - SIGNS * zoom;
  const count = Math.min(MOST, Math.max(1, Math.floor(room / need)));
  // A single row begins anew with the bar that sounds, so that what follows it is seen.
  return { count, stride: slots > 1 ? count : Math.max(1, count - 1), wide: room / count };
}

/** The bars of system `number`, and a mark that changes with them. */
export function systemOf(bars, first, { count, stride }, number) {
  const from = first + number * stride;
  const own = bars.filter((bar) => bar.number >= from && bar.number < from + count);
  return { number, bars: own, mark: own.map((bar) => `${bar.number}${bar.text}`).join("|") };
}
