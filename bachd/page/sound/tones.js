/* Compute the tones of a harpsichord and an organ, and load those of a piano.
 *
 * Law: a tone begins with its buffer and ends or loops without a discontinuity. No sample exceeds 1.
 */

export const BRIGHTEST = 11000; // hertz: higher partials are left out

export const hertz = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

/** Add a damped sine to a wave, by the recurrence that needs no sine a sample; `loss`: what it is multiplied by each. */
function ring(wave, level, angle, loss, phase) {
  let [before, last] = [(level * Math.sin(phase - 2 * angle)) / loss ** 2, (level * Math.sin(phase - angle)) / loss];
  const [a, b] = [2 * loss * Math.cos(angle), -loss * loss];
  for (let index = 0; index < wave.length; index++) {
    const next = a * last + b * before;
    wave[index] += next;
    before = last;
    last = next;
  }
}

/** Make the highest peak 1. */
export function normalise(wave) {
  const peak = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let index = 0; index < wave.length; index++) wave[index] /= peak;
}

/** A plucked string with a second one an octave above, as a sum of partials that each die away at their own pace. */
export async function plucked({ sampleRate: rate }, pitch, seconds = 3.5) {
  const buffer = new AudioBuffer({ length: Math.floor(seconds * rate), sampleRate: rate });
  const wave = buffer.getChannelData(0);
  const lasting = 5.5 * 2 ** ((33 - pitch) / 24); // seconds until the fundamental is 60 dB down
  for (const [octave, loud, cents] of [[1, 1, 0], [1, 0.7, 1.6], [2, 0.38, -1.2]]) {
    const base = octave * hertz(pitch) * 2 ** (cents / 1200);
    for (let partial = 1; partial <= 36; partial++) {
      const frequency = base * partial * Math.sqrt(1 + 6e-5 * partial * partial); // a string is a little stiff
      if (frequency > BRIGHTEST) break;
      const level = (loud * Math.abs(Math.sin(Math.PI * partial * 0.137))) / partial ** 0.62 / (1 + (frequency / 5200) ** 2);
      const samples = (rate * lasting) / (1 + 0.1 * partial); // until this partial is 60 dB down
      const heard = wave.subarray(0, Math.min(wave.length, 1.2 * samples));
      ring(heard, level, (2 * Math.PI * frequency) / rate, 10 ** (-3 / samples), partial * 2.4);
    }
  }
  normalise(wave);
  let random = 1;
  for (let index = 0; index < 0.006 * rate; index++) { // the plectrum
    random = (random * 16807) % 2147483647;
    const noise = 0.15 * (random / 1073741823.5 - 1) * Math.exp(-index / (0.0012 * rate));
    wave[index] = (wave[index] + noise) * Math.min(1, index / (0.0008 * rate));
  }
  for (let left = 0; left < 0.3 * rate; left++) wave[wave.length - 1 - left] *= left / (0.3 * rate);
  normalise(wave);
  return { buffer };
}

const PIPES = [1, 0.62, 0.3, 0.42, 0.1, 0.2, 0.06, 0.16, 0.04, 0.05, 0.02, 0.06]; // 8, 4, 2 2/3 and 2 feet
const SPEAKING = 0.02; // seconds in which the fundamental reaches 63 %; the others are faster
const SPOKEN = 0.3; // seconds after which the tone is steady
const STANDING = 0.25; // seconds, about, of the loop

/** A positive organ's tone, which loops. */
export async function piped({ sampleRate: rate }, pitch) {
  const begin = Math.ceil(SPOKEN * rate);
  const periods = Math.round(STANDING * hertz(pitch));
  const length = Math.round((periods * rate) / hertz(pitch));
  const buffer = new AudioBuffer({ length: begin + length, sampleRate: rate });
  const wave = buffer.getChannelData(0);
  PIPES.forEach((level, index) => {
    const partial = index + 1;
    const angle = (2 * Math.PI * partial * periods) / length; // so that the loop holds whole periods
    if (angle * rate > 2 * Math.PI * BRIGHTEST) return;
    ring(wave, level, angle, 1, 0);
    const swelling = wave.subarray(0, begin);
    ring(swelling, -level, angle, Math.exp(-(1 + 0.3 * index) / (SPEAKING * rate)), 0);
  });
  normalise(wave);
  return { buffer, loop: [begin / rate, (begin + length) / rate] };
}

/** A piano's tone, as it was recorded. */
export async function recorded(context, pitch) {
  const answer = await fetch(new URL(`../samples/${pitch}.mp3`, import.meta.url));
  if (!answer.ok) throw new Error(`cannot load the piano's samples (${answer.status})`);
  return { buffer: untilSound(await context.decodeAudioData(await answer.arrayBuffer())) };
}

/** A tone without the padding of its encoding, which differs between browsers, and without a discontinuity. */
function untilSound(buffer) {
  const wave = buffer.getChannelData(0);
  const first = Math.max(0, wave.findIndex((value) => Math.abs(value) > 0.004) - 32);
  const trimmed = new AudioBuffer({ length: wave.length - first, sampleRate: buffer.sampleRate });
  trimmed.copyToChannel(wave.subarray(first), 0);
  const [begun, swelling] = [trimmed.getChannelData(0), 0.0008 * buffer.sampleRate];
  for (let index = 0; index < swelling; index++) begun[index] *= index / swelling;
  return trimmed;
}
