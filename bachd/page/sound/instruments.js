/* Define the instruments of the browser, played by smplr.
 *
 * Law: a note begins at the given moment, to the sample; none outlives its release by more than a second.
 * Nothing is loaded before it is played.
 *
 * An instrument has `strike(pitch, velocity, when)`, which returns `release(moment)`; moments are seconds of its audio
 * context, and may be still to come.
 */

import { sustained } from "./sustained.js";
import { piped, plucked, recorded } from "./tones.js";

const FIRST = 33; // A1: the lowest tone that is computed or loaded
const LAST = 84; // C6
const APART = 3; // semitones between two of them; those between are played a little faster or slower

const HEARD = 0.5; // seconds of a tone from which its loudness is measured

/* `tone(context, pitch)`: promises {buffer, loop?}. `touch(velocity)`: the velocity for smplr, which makes it louder with
 * its square. `volume`: decibels; `tilt`: so many more for each octave above middle C. `release`: seconds
 * until a released tone is silent. `ranks`: voices that sound together, by the semitones that each is detuned.
 * The volumes make all equally loud in four voices, with peaks a few decibels below full scale. */
const INSTRUMENTS = {
  harpsichord: {
    tone: plucked, touch: (velocity) => 62 + velocity / 7,
    volume: -17.0, tilt: -0.5, release: 0.16, ranks: [0],
  },
  organ: {
    tone: piped, touch: () => 64,
    volume: -19.2, tilt: 0, release: 0.14, ranks: [-0.015, 0.015],
  },
  piano: {
    tone: recorded, touch: (velocity) => velocity ** 0.7 * 127 ** 0.3,
    volume: -19.3, tilt: 0, release: 0.25, ranks: [0],
  },
  strings: {
    tone: sustained("strings"), touch: (velocity) => 44 + velocity / 4,
    volume: -20.4, tilt: 0, release: 0.24, ranks: [-0.07, 0, 0.06],
  },
  cello: {
    tone: sustained("cello"), touch: (velocity) => 44 + velocity / 4,
    volume: -16.0, tilt: 0, release: 0.2, ranks: [0],
  },
  choir: {
    tone: sustained("choir"), touch: (velocity) => 44 + velocity / 4,
    volume: -21.2, tilt: 0, release: 0.3, ranks: [-0.09, 0.02, 0.08],
  },
  flute: {
    tone: sustained("flute"), touch: (velocity) => 44 + velocity / 4,
    volume: -15.7, tilt: 0, release: 0.12, ranks: [0],
  },
};

/** The names of the instruments. */
export const NAMES = Object.keys(INSTRUMENTS);

/** The instrument of that name, ready to be played, which sounds into `target`. */
export async function instrument(name, context, target) {
  const { tone, touch, volume, tilt, release, ranks } = INSTRUMENTS[name];
  const { Instrument, Scheduler } = await import("../vendor/smplr.mjs");
  const [buffers, regions] = [new Map(), []];
  for (let pitch = FIRST; pitch <= LAST; pitch += APART) {
    const { buffer, loop } = await tone(context, pitch);
    buffers.set(String(pitch), buffer);
    const low = pitch === FIRST ? 0 : pitch - 1;
    const high = pitch === LAST ? 127 : pitch + 1;
    const loudness = volume + (tilt * (pitch - 60)) / 12 - level(buffer);
    const region = { sample: String(pitch), pitch, keyRange: [low, high], volume: loudness };
    if (loop) Object.assign(region, { loop: true, loopStart: loop[0], loopEnd: loop[1] });
    for (const tune of ranks) regions.push({ ...region, tune });
    await new Promise((done) => setTimeout(done)); // the page stays responsive meanwhile
  }
  const preset = { samples: { baseUrl: "", formats: [] }, groups: [{ regions }], defaults: { ampRelease: release } };
  const build = Instrument((_, __, smplr) => smplr.loadInstrument(preset, buffers));
  // Notes are scheduled in Web Audio at once, so that they can be released at any later moment.
  const scheduler = Scheduler(context, { lookaheadMs: Infinity });
  const player = build(context, { destination: target, scheduler, volume: 127 });
  await player.ready;
  let struck = 0;
  return {
    strike(pitch, velocity, when) {
      const end = player.start({ note: pitch, velocity: touch(velocity), time: when, stopId: ++struck });
      return (moment) => end(Math.max(moment, when));
    },
  };
}

/** How loud a tone is, in decibels below a full square wave. Recorded tones are not all equally loud. */
function level(buffer) {
  const heard = buffer.getChannelData(0).subarray(0, HEARD * buffer.sampleRate);
  return 10 * Math.log10(heard.reduce((sum, value) => sum + value * value, 0) / heard.length);
}

/** A reverb of two seconds, connected to the context's destination. */
export function room(context, share = 0.22) {
  const [entry, dry, wet] = [new GainNode(context), new GainNode(context), new GainNode(context, { gain: share })];
  const length = Math.floor(1.9 * context.sampleRate);
  const echo = new AudioBuffer({ length, sampleRate: context.sampleRate, numberOfChannels: 2 });
  for (const side of [0, 1]) {
    const wave = echo.getChannelData(side);
    let [random, smooth] = [7 + side, 0];
    for (let index = 0; index < length; index++) {
      random = (random * 16807) % 2147483647;
      smooth += 0.35 * (random / 1073741823.5 - 1 - smooth); // high tones die first
      wave[index] = smooth * Math.exp((-5.2 * index) / length) * Math.min(1, index / 400);
    }
  }
  entry.connect(dry).connect(context.destination);
  entry.connect(new ConvolverNode(context, { buffer: echo })).connect(wet).connect(context.destination);
  return entry;
}
