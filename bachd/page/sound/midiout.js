/* Play on synths at the viewer's computer, through Web MIDI.
 *
 * Law: the browser is asked for permission only once the choice is made; every note_on has its note_off.
 */

/** Whether this browser has Web MIDI, which it offers only to this machine's own pages or through HTTPS. */
export const offered = () => typeof navigator.requestMIDIAccess === "function";

/** The outputs there are, as {id, name}. The browser asks for permission; throws if it is refused. */
export async function outputs() {
  const access = await navigator.requestMIDIAccess();
  return [...access.outputs.values()];
}

/** An output with the interface of an instrument, for a Listener. */
export class MidiOut {
  constructor(output, context) {
    this.output = output;
    this.context = context;
  }

  /** Convert a moment of the audio context to the time of Web MIDI. */
  stamp(moment) {
    return performance.now() + 1000 * (moment - this.context().currentTime);
  }

  strike(pitch, velocity, when, channel = 1) {
    const wire = Math.max(0, channel - 1);
    this.output.send([0x90 | wire, pitch, velocity], this.stamp(when));
    return (moment) => this.output.send([0x80 | wire, pitch, 0], this.stamp(Math.max(moment, when)));
  }
}
