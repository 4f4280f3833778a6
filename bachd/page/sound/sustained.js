/* Compute the tones of strings, a cello, a choir and a flute, which last as long as they are held.
 *
 * Law: a tone loops without a discontinuity: its loop holds whole periods of every partial, of the vibrato and of the breath.
 */

import { BRIGHTEST, hertz, normalise } from "./tones.js";

const LASTS = 0.9; // seconds, about, of the loop
const MOST = 30; // partials

/* A resonance: its frequency and width in hertz, and how much it adds. */
const resonance = (centre, width, gain) => (frequency) => gain / (1 + ((frequency - centre) / width) ** 2);
const body = (...resonances) => (frequency) => resonances.reduce((sum, one) => sum + one(frequency), 0);

const VIOLIN = body(() => 0.5, resonance(290, 120, 0.7), resonance(560, 180, 0.8), resonance(2600, 900, 0.5));
const CELLO = body(() => 0.4, resonance(110, 60, 0.6), resonance(230, 90, 1), resonance(480, 160, 0.7), resonance(1500, 600, 0.35));
const AH = body(() => 0.05, resonance(700, 130, 1), resonance(1150, 150, 0.6), resonance(2700, 250, 0.18), resonance(3300, 300, 0.1));

/* `level(partial, frequency)`; `swell`: seconds until it is whole; `vibrato`: cycles in a loop, cents, and seconds until it
 * is there; `breath`: how loud the noise is. */
const KINDS = {
  strings: { level: (n, f) => VIOLIN(f) / n ** 1.15, swell: 0.16, vibrato: [5, 7], breath: 0.004 },
  cello: { level: (n, f) => CELLO(f) / n ** 1.1, swell: 0.11, vibrato: [5, 11], breath: 0.006 },
  choir: { level: (n, f) => AH(f) / n ** 0.9, swell: 0.18, vibrato: [5, 12], breath: 0.006 },
  flute: { level: (n) => [0, 1, 0.34, 0.13, 0.05, 0.025, 0.01][n] ?? 0, swell: 0.09, vibrato: [4, 6], breath: 0.02 },
};

/** Returns a function that computes the tones of a kind, as {buffer, loop}. */
export const sustained = (kind) => async ({ sampleRate: rate }, pitch) => {
  const { level, swell, vibrato: [cycles, cents], breath } = KINDS[kind];
  const periods = Math.round(LASTS * hertz(pitch));
  const length = Math.round((periods * rate) / hertz(pitch));
  const begin = Math.ceil(swell * rate);
  const buffer = new AudioBuffer({ length: begin + length, sampleRate: rate });
  const wave = buffer.getChannelData(0);
  const bend = swinging(begin, length, { periods, cycles, cents });
  for (let partial = 1; partial <= MOST && partial * hertz(pitch) < BRIGHTEST; partial++) {
    const loud = level(partial, partial * hertz(pitch));
    const phase = partial * partial * 2.4; // so that the partials have no common peak
    if (loud < 1e-4) continue;
    for (let index = 0; index < wave.length; index++) wave[index] += loud * Math.sin(partial * bend[index] + phase);
  }
  normalise(wave);
  blow(wave, length, breath);
  for (let index = 0; index < begin; index++) wave[index] *= rise(index / begin);
  return { buffer, loop: [begin / rate, (begin + length) / rate] };
};

/** From 0 to 1, without a corner at either end. */
const rise = (share) => 0.5 - 0.5 * Math.cos(Math.PI * share);

/** The phase of the fundamental at each sample, with a vibrato that grows until the loop begins. */
function swinging(begin, length, { periods, cycles, cents }) {
  const phases = new Float64Array(begin + length);
  const depth = (periods / cycles) * (2 ** (cents / 1200) - 1); // radians, of the phase
  for (let index = 0; index < phases.length; index++) {
    const share = (index - begin) / length;
    const grown = Math.min(1, index / begin);
    phases[index] = 2 * Math.PI * periods * share + depth * grown * Math.sin(2 * Math.PI * cycles * share);
  }
  return phases;
}

/** Add soft noise that repeats with the loop: its end is faded into what came before its beginning. */
function blow(wave, length, loud) {
  const seam = Math.floor(length / 8);
  const noise = new Float32Array(length + seam);
  let [random, smooth] = [11, 0];
  for (let index = 0; index < noise.length; index++) {
    random = (random * 16807) % 2147483647;
    noise[index] = smooth += 0.18 * (random / 1073741823.5 - 1 - smooth);
  }
  for (let index = 0; index < seam; index++) {
    const share = index / seam;
    noise[length + index] = (1 - share) * noise[length + index] + share * noise[index];
  }
  const begin = wave.length - length;
  for (let index = 0; index < wave.length; index++) {
    wave[index] += 3 * loud * noise[seam + ((index - begin + 4 * length) % length)];
  }
}
