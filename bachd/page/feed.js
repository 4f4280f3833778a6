/* Receive the feed over a WebSocket, and estimate the daemon's clock.
 *
 * Law: a lost connection is opened again automatically, with growing delays; messages are passed on in order.
 */

const PATIENCE = [300, 600, 1200, 2500, 5000]; // milliseconds before the next attempt
const SILENCE = 8000; // milliseconds without a message after which a connection counts as lost
const PING = 2000;

/** The daemon's monotonic clock, estimated from pings; the fastest are the most exact. */
export class DaemonClock {
  constructor() {
    this.samples = [];
    this.offset = null; // seconds: the daemon's clock less performance.now()
  }

  /** A ping sent at `sent` came back now, when the daemon's clock was at `daemon`; both in seconds. */
  heard(sent, daemon, now = performance.now() / 1000) {
    this.samples = [...this.samples.slice(-8), { trip: now - sent, offset: daemon - (sent + now) / 2 }];
    const best = [...this.samples].sort((a, b) => a.trip - b.trip).slice(0, 3).map((one) => one.offset);
    const median = best.sort((a, b) => a - b)[Math.floor(best.length / 2)];
    const error = median - this.offset;
    // A small error is corrected gradually, so that nothing jumps.
    this.offset = this.offset === null || Math.abs(error) > 0.25 ? median : this.offset + 0.3 * error;
  }

  /** A first estimate, off by the latency of the network. */
  guess(daemon) {
    this.samples = [];
    this.offset = daemon - performance.now() / 1000;
  }

  /** Seconds on the daemon's clock. */
  now() {
    return performance.now() / 1000 + (this.offset ?? 0);
  }

  /** A moment of the daemon's clock in milliseconds of performance.now(). */
  here(moment) {
    return 1000 * (moment - (this.offset ?? 0));
  }
}

/** Follows /api/feed. `on`: handlers by type of message; `on.link(state)`: live or lost. */
export class Feed {
  constructor(clock, on) {
    this.clock = clock;
    this.on = on;
    this.failures = 0;
    this.open();
    setInterval(() => this.ping(), PING);
  }

  open() {
    const address = new URL("api/feed", window.location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.socket = socket;
    this.last = performance.now();
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = () => this.lost(socket);
  }

  take(message) {
    this.last = performance.now();
    if (message.type === "hello") {
      this.failures = 0;
      this.clock.guess(message.now);
      this.on.link("live");
      for (const delay of [0, 80, 160, 400]) setTimeout(() => this.ping(), delay);
    }
    if (message.type === "pong") this.clock.heard(message.t, message.now);
    else this.on[message.type]?.(message);
  }

  ping() {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.last > SILENCE) this.socket.close();
    else this.socket.send(JSON.stringify({ type: "ping", t: performance.now() / 1000 }));
  }

  /** Play a MIDI channel message, given by its bytes. */
  play(data) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "play", data }));
  }

  lost(socket) {
    if (socket !== this.socket) return;
    this.on.link("lost");
    setTimeout(() => this.open(), PATIENCE[Math.min(this.failures++, PATIENCE.length - 1)]);
  }
}
