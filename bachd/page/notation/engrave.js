/* Engrave MusicXML with OpenSheetMusicDisplay.
 *
 * Law: the library is loaded once, by the first who engraves; ticks count from the first bar that is engraved.
 */

import { make } from "../dom.js";
import { QUARTER } from "../score.js";

const WHOLE = 4 * QUARTER;
const UNIT = 10; // CSS pixels of a unit of the library, at zoom 1
const ENDING = 1.25; // units that a bar line takes, which the library adds to the width of a bar

let loading = null;

/** Load the library. Returns its names. */
function library() {
  loading ??= new Promise((done, fail) => {
    const source = new URL("../vendor/opensheetmusicdisplay.js", import.meta.url).href;
    const script = make("script", { src: source });
    script.onload = () => done(window.opensheetmusicdisplay);
    script.onerror = () => {
      loading = null; // so that it is tried again
      fail(new Error("cannot load the engraver: bachd does not answer"));
    };
    document.head.append(script);
  });
  return loading;
}

/** Draw a system into `box`: bars of one width, `wide` CSS pixels. `first`: with the
 * time signature.
 * Returns {notes, places, staves}: each note's or rest's first and last tick and its elements; each onset's tick and x. */
export async function engraveSystem(box, xml, { zoom, wide, first }) {
  const { OpenSheetMusicDisplay } = await library();
  const osmd = new OpenSheetMusicDisplay(box, {
    backend: "svg", autoResize: false, drawTitle: false, drawComposer: false, drawPartNames: false,
    defaultFontFamily: "EB Garamond, Georgia, serif",
  });
  Object.assign(osmd.EngravingRules, {
    PageTopMargin: 1, PageBottomMargin: 1, PageLeftMargin: 2, PageRightMargin: 1,
    FixedMeasureWidth: true, FixedMeasureWidthFixedValue: wide / UNIT / zoom - ENDING, RenderTimeSignatures: first,
    LastSystemMaxScalingFactor: 1, RenderMeasureNumbersOnlyAtSystemStart: true,
  });
  await osmd.load(xml);
  osmd.Zoom = zoom; // which loading resets
  osmd.render();
  return { notes: notesOf(osmd), places: placesOf(osmd, zoom), staves: osmd.GraphicSheet.MeasureList[0].length };
}

/** Draw a whole score into `box`, on pages of A4. */
export async function engravePages(box, xml) {
  const { OpenSheetMusicDisplay } = await library();
  const osmd = new OpenSheetMusicDisplay(box, {
    backend: "svg", autoResize: false, pageFormat: "A4_P", drawPartNames: true,
    defaultFontFamily: "EB Garamond, Georgia, serif",
  });
  await osmd.load(xml);
  osmd.Zoom = 0.7;
  osmd.render();
}

function* entriesOf(osmd) {
  for (const staves of osmd.GraphicSheet.MeasureList) {
    for (const measure of staves) yield* measure?.staffEntries ?? [];
  }
}

function notesOf(osmd) {
  const [notes, seen] = [[], new Set()]; // a beam belongs to the first of its notes
  for (const entry of entriesOf(osmd)) {
    const from = Math.round(entry.getAbsoluteTimestamp().RealValue * WHOLE);
    for (const note of entry.graphicalVoiceEntries.flatMap((each) => each.notes)) {
      const parts = [note.getSVGGElement?.(), note.getStemSVG?.(), ...(note.getBeamSVGs?.() ?? []),
        ...(note.getTieSVGs?.() ?? []), ...(note.getLedgerLineSVGs?.() ?? [])];
      const elements = parts.filter((one) => one && !seen.has(one) && seen.add(one));
      const to = from + Math.round(note.sourceNote.Length.RealValue * WHOLE);
      notes.push({ from, to, elements, sounds: !note.sourceNote.isRest() });
    }
  }
  return notes;
}

function placesOf(osmd, zoom) {
  const places = new Map();
  for (const entry of entriesOf(osmd)) {
    const tick = Math.round(entry.getAbsoluteTimestamp().RealValue * WHOLE);
    const x = entry.PositionAndShape.AbsolutePosition.x * UNIT * zoom;
    places.set(tick, Math.min(x, places.get(tick) ?? Infinity));
  }
  return [...places].map(([tick, x]) => ({ tick, x })).sort((a, b) => a.tick - b.tick);
}
