/* Tap tempo: a quarter note each tap.
 *
 * Law: the tempo is set once the taps are over, so that all of them are one change; moments are those of the events.
 */

import { by, write } from "../dom.js";

const FEWEST = 3; // taps
const MOST = 8; // of which the last count
const OVER = 2200; // milliseconds without a tap, after which another is the first of a new count
const REST = 900; // milliseconds after the last tap until it is set
const ECHO = 250; // milliseconds in which a click is that of the key that was counted
const [SLOWEST, FASTEST] = [20, 300];

/** The tempo of some moments in milliseconds; null while there are too few. */
export function tempoOf(moments) {
  if (moments.length < FEWEST) return null;
  const gaps = moments.slice(1).map((moment, index) => moment - moments[index]).sort((a, b) => a - b);
  const middle = gaps.length >> 1;
  const gap = gaps.length % 2 ? gaps[middle] : (gaps[middle - 1] + gaps[middle]) / 2;
  return Math.min(FASTEST, Math.max(SLOWEST, Math.round(60000 / gap)));
}

/** `set`: called with quarter notes a minute. Returns what is to be called at a tap by another key. */
export function listenToTaps(set) {
  let moments = [];
  let timer = 0;
  const tap = (moment = performance.now()) => {
    if (moment - moments.at(-1) > OVER) moments = [];
    moments = [...moments, moment].slice(-MOST);
    const bpm = tempoOf(moments);
    write(by("tapped"), bpm ? `♩ = ${bpm}` : "go on");
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (bpm) set(bpm);
      write(by("tapped"), "");
      moments = [];
    }, bpm ? REST : OVER);
  };
  by("tap").addEventListener("pointerdown", (event) => tap(event.timeStamp));
  by("tap").addEventListener("keydown", (event) => {
    if (event.repeat || (event.key !== " " && event.key !== "Enter")) return;
    event.preventDefault();
    tap(event.timeStamp);
  });
  by("tap").addEventListener("click", (event) => {
    if (event.detail === 0 && !(event.timeStamp - moments.at(-1) < ECHO)) tap(event.timeStamp); // of a screen reader
  });
  return () => tap();
}
