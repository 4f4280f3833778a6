/* Three instruments for the browser: a harpsichord and an organ that are computed, and a piano that is loaded.
 *
 * Law: a note begins at the moment that is asked for, to the sample; none outlives its release by more than seconds.
 *
 * An instrument has `ready()`, a promise, and `strike(pitch, velocity, when)`, which returns `release(moment)`; moments
 * are seconds of its audio context.
 */

const FIRST = 33; // A1: the lowest tone that is computed or loaded
const LAST = 84; // C6
const APART = 3; // semitones between two of them; those between are played a little faster or slower

const hertz = (pitch) => 440 * 2 ** ((pitch - 69) / 12);
const nearest = (pitch) => Math.min(LAST, Math.max(FIRST, FIRST + APART * Math.round((pitch - FIRST) / APART)));

/** Ends a gain's sound from a moment on, with a time constant in seconds. */
function fade(gain, sources, moment, constant) {
  gain.gain.setTargetAtTime(0, moment, constant);
  for (const source of sources) source.stop(moment + 8 * constant);
}

/** An instrument of one tone every few semitones. `tone(pitch)` gives an AudioBuffer, perhaps promised. */
class Sampled {
  constructor(context, target, tone, { constant, loudness }) {
    Object.assign(this, { context, target, tone, constant, loudness, tones: new Map() });
  }

  ready() {
    this.readied ??= this.tune().catch((fault) => {
      this.readied = null; // to be tried again
      throw fault;
    });
    return this.readied;
  }

  async tune() {
    for (let pitch = FIRST; pitch <= LAST; pitch += APART) {
      this.tones.set(pitch, await this.tone(pitch));
      await new Promise((done) => setTimeout(done)); // the page goes on living meanwhile
    }
  }

  strike(pitch, velocity, when) {
    const near = nearest(pitch);
    const source = new AudioBufferSourceNode(this.context, {
      buffer: this.tones.get(near),
      playbackRate: hertz(pitch) / hertz(near),
    });
    const gain = new GainNode(this.context, { gain: this.loudness(velocity) });
    source.connect(gain).connect(this.target);
    source.start(when);
    return (moment) => fade(gain, [source], Math.max(moment, when), this.constant);
  }
}

/** A plucked string with a second one an octave above, as a sum of partials that each die away at their own pace. */
export function pluckedTone(context, pitch, seconds = 3.5) {
  const rate = context.sampleRate;
  const buffer = new AudioBuffer({ length: Math.floor(seconds * rate), sampleRate: rate });
  const wave = buffer.getChannelData(0);
  const lasting = 5.5 * 2 ** ((FIRST - pitch) / 24); // seconds until the fundamental is 60 dB down
  for (const [octave, loud, cents] of [[1, 1, 0], [1, 0.7, 1.6], [2, 0.38, -1.2]]) {
    const base = octave * hertz(pitch) * 2 ** (cents / 1200);
    for (let partial = 1; partial <= 36; partial++) {
      const frequency = base * partial * Math.sqrt(1 + 6e-5 * partial * partial); // a string is a little stiff
      if (frequency > 11000) break;
      const level = (loud * Math.abs(Math.sin(Math.PI * partial * 0.137))) / partial ** 0.62 / (1 + (frequency / 5200) ** 2);
      const samples = (rate * lasting) / (1 + 0.1 * partial); // until this partial is 60 dB down
      const heard = wave.subarray(0, Math.min(wave.length, 1.2 * samples));
      ring(heard, level, (2 * Math.PI * frequency) / rate, 10 ** (-3 / samples), partial * 2.4);
    }
  }
  return shaped(buffer, rate);
}

/** Add a damped sine to a wave, by the recurrence that needs no sine a sample. */
function ring(wave, level, angle, loss, phase) {
  let [before, last] = [level * Math.sin(phase - 2 * angle) / loss ** 2, (level * Math.sin(phase - angle)) / loss];
  const [a, b] = [2 * loss * Math.cos(angle), -loss * loss];
  for (let index = 0; index < wave.length; index++) {
    const next = a * last + b * before;
    wave[index] += next;
    before = last;
    last = next;
  }
}

/** A tone that peaks at 1, has a plectrum's click at its start and ends in silence. */
function shaped(buffer, rate) {
  const wave = buffer.getChannelData(0);
  let random = 1;
  for (let index = 0; index < 0.006 * rate; index++) {
    random = (random * 16807) % 2147483647;
    wave[index] = wave[index] * Math.min(1, index / (0.0008 * rate)) + 0.25 * (random / 1073741823.5 - 1) * Math.exp(-index / (0.0012 * rate));
  }
  const peak = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const ending = 0.3 * rate;
  for (let index = 0; index < wave.length; index++) wave[index] *= Math.min(1, (wave.length - index) / ending) / peak;
  return buffer;
}

/** A positive organ: principals of 8, 4, 2 2/3 and 2 feet. */
class Organ {
  constructor(context, target) {
    Object.assign(this, { context, target });
    const partials = [0, 1, 0.62, 0.3, 0.42, 0.1, 0.2, 0.06, 0.16, 0.04, 0.05, 0.02, 0.06];
    this.wave = new PeriodicWave(context, { real: partials.map(() => 0), imag: partials });
  }

  async ready() {}

  strike(pitch, velocity, when) {
    const gain = new GainNode(this.context, { gain: 0 });
    const level = 0.12 * 2 ** ((60 - pitch) / 48);
    gain.gain.setValueAtTime(0, when);
    gain.gain.linearRampToValueAtTime(level, when + 0.03);
    const pipes = [-1.5, 1.5].map((detune) => {
      const pipe = new OscillatorNode(this.context, { frequency: hertz(pitch), detune, periodicWave: this.wave });
      pipe.connect(gain);
      pipe.start(when);
      return pipe;
    });
    gain.connect(this.target);
    return (moment) => fade(gain, pipes, Math.max(moment, when + 0.03), 0.045);
  }
}

async function recordedTone(context, pitch) {
  const answer = await fetch(new URL(`samples/${pitch}.mp3`, import.meta.url));
  if (!answer.ok) throw new Error(`the piano's samples are not there (${answer.status})`);
  return untilSound(await context.decodeAudioData(await answer.arrayBuffer()));
}

/** A tone without what its encoding put before it. */
function untilSound(buffer) {
  const wave = buffer.getChannelData(0);
  const first = Math.max(0, wave.findIndex((value) => Math.abs(value) > 0.004) - 32);
  const trimmed = new AudioBuffer({ length: wave.length - first, sampleRate: buffer.sampleRate });
  trimmed.copyToChannel(wave.subarray(first), 0);
  return trimmed;
}

/** The instrument of that name, which sounds into `target`. Wait for its `ready()` before the first note. */
export function instrument(name, context, target) {
  if (name === "organ") return new Organ(context, target);
  if (name === "piano") {
    const loudness = (velocity) => 1.9 * (velocity / 127) ** 1.4;
    return new Sampled(context, target, (pitch) => recordedTone(context, pitch), { constant: 0.09, loudness });
  }
  const loudness = (velocity) => 0.24 + 0.12 * (velocity / 127); // a harpsichord hardly knows loud and soft
  return new Sampled(context, target, (pitch) => pluckedTone(context, pitch), { constant: 0.05, loudness });
}

/** A room to play in: what goes into it comes out of the context's destination with an echo of two seconds. */
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
