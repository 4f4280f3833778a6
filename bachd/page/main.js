/* Connect the parts of the page: show and play what arrives, send what is clicked.
 *
 * Law: this file joins the others and decides nothing; frames are drawn when the screen asks for one, not by a timer.
 */

import * as api from "./api.js";
import { Dimmer } from "./stage/dim.js";
import { by, palette, say, title, write } from "./dom.js";
import { DaemonClock, Feed } from "./feed.js";
import { History } from "./pieces/history.js";
import { listenToKeys } from "./keys.js";
import { Listener } from "./sound/listen.js";
import { SoundChoice } from "./sound/choice.js";
import { Chances, describe, showWhere, State, Words } from "./panels.js";
import { Notation } from "./notation/view.js";
import { Pieces } from "./pieces/pieces.js";
import { Roll } from "./roll.js";
import { Score } from "./score.js";
import { Steer } from "./settings.js";
import { Stage } from "./stage/stage.js";
import { Controls } from "./steer/controls.js";
import { Shutdown } from "./steer/shutdown.js";

const clock = new DaemonClock();
const score = new Score();
const listener = new Listener(clock);
const colours = palette();
const roll = new Roll(by("roll"), score, colours);
const notation = new Notation(score);
const words = new Words();
const chances = new Chances();
const state = new State(colours);
const sound = new SoundChoice(listener, attempt);
const steer = new Steer(() => pieces.open());
const pieces = new Pieces((piece) => steer.set("seed.piece", piece), (...music) => sound.hear(...music), () => colours);
const history = new History();
const stage = new Stage();
const controls = new Controls({ steer, score, listener, attempt, play: (data) => feed.play(data) });
const shutdown = new Shutdown(attempt);
new Dimmer();
const still = matchMedia("(prefers-reduced-motion: reduce)");

let playing = true;
let shown = null; // the step that the panels show
let telling = 0; // the timer of a short notice
let waiting = ""; // for what, before the first event
let described = null; // its bar, as last announced to screen readers

const on = {
  hello({ settings, status, past, plan }) {
    listener.hush();
    score.reset(past ?? [], plan ?? []);
    if (settings) on.settings({ settings });
    else attempt(async () => on.settings({ settings: await api.settings() }));
    if (status) on.status({ status });
  },
  step({ step }) {
    if (step.opens) {
      say(`Now ${title(step.piece)}.`);
      history.refresh();
    }
    if (score.frozen !== null) go(true);
    score.push(step);
    listener.step(step);
  },
  retracted({ n, steps }) {
    listener.hush();
    score.retract(n, steps);
  },
  live: (message) => controls.live(message),
  next: ({ notes }) => controls.next(notes),
  plan({ steps }) {
    score.setPlan(steps);
  },
  alternatives({ n, events }) {
    chances.take(n, events);
  },
  status({ status }) {
    state.show(status);
    controls.status(status);
    waiting = status.events ? "" : status.condition ?? "";
    if (waiting) write(by("where"), waiting);
    if (typeof status.playing === "boolean") go(status.playing);
  },
  settings({ settings }) {
    steer.show(settings);
    controls.show(settings);
    shutdown.show(settings);
    sound.usual.of(settings.values.model);
    pieces.offer(settings.choices?.pieces ?? [], settings.values.seed?.piece ?? null);
  },
  halted: () => go(false),
  going: () => go(true),
  link(live) {
    by("link").dataset.state = live;
    write(by("link-text"), live === "live" ? "live" : "not connected; reconnecting");
    if (live === "live") {
      write(by("trouble"), "");
      sound.show();
    } else {
      write(by("latency"), "no connection to bachd");
      listener.hush();
      controls.hush();
      score.freeze(clock.now());
      say("Connection to bachd lost.");
    }
  },
};

/** Show whether the music plays or is paused. */
function go(goes) {
  if (goes === playing && (score.frozen === null) === goes) return;
  playing = goes;
  if (goes) score.thaw();
  else {
    score.freeze(clock.now());
    listener.hush();
  }
  document.body.classList.toggle("halted", !goes);
  shown = null; // what is said of the place changes
  by("play").setAttribute("aria-label", goes ? "Pause" : "Play");
}

function frame() {
  requestAnimationFrame(frame);
  const now = clock.now();
  const index = score.indexAt(now);
  const step = score.steps[index];
  const tick = still.matches && step ? step.tick : score.tickAt(now);
  if (notation.on) notation.draw(tick, index);
  else roll.draw(tick, still.matches);
  const stamp = `${score.version} ${index}`;
  if (!step || stamp === shown) return;
  shown = stamp;
  if (!waiting) showWhere(step, !playing);
  controls.step(step);
  words.show(score.steps, index);
  chances.show(step, score.steps[index + 1]);
  if (described !== step.bar) describe(by("roll"), step);
  described = step.bar;
}

/** Run the action of a click; show a refusal wherever the page is scrolled to. */
async function attempt(action) {
  try {
    write(by("trouble"), "");
    await action();
  } catch (fault) {
    write(by("trouble"), fault.message);
  }
}

const help = () => by("help").showModal();
const pause = () => api.order(playing ? "pause" : "play");

async function next() {
  await api.order("next");
  tell("Another piece, from the next bar on.");
}

async function again() {
  await api.order("again");
  tell("This piece again, from the next bar on.");
}

async function keep() {
  const { whole } = await api.keep();
  tell(whole ? "Kept; its link is in the history." : "Kept so far, and the rest when it is over; its link is in the history.");
  await history.refresh();
}

/** Say something for a moment. */
function tell(text) {
  say(text);
  write(by("trouble"), text);
  clearTimeout(telling);
  telling = setTimeout(() => by("trouble").textContent === text && write(by("trouble"), ""), 4000);
}

by("play").addEventListener("click", () => attempt(pause));
by("stop").addEventListener("click", () => attempt(async () => {
  await api.order("stop");
  say("Stopped. Play begins this piece anew.");
}));
by("next").addEventListener("click", () => attempt(next));
by("again").addEventListener("click", () => attempt(again));
by("keep").addEventListener("click", () => attempt(keep));
by("panic").addEventListener("click", () => attempt(async () => {
  listener.hush();
  await api.order("panic");
  say("Silenced.");
  write(by("trouble"), "Silenced, and paused: Play goes on.");
}));
by("open-help").addEventListener("click", help);
by("help-close").addEventListener("click", () => by("help").close());
listenToKeys({
  t: () => controls.tap(),
  " ": () => attempt(pause),
  n: () => attempt(next),
  r: () => attempt(again),
  k: () => attempt(keep),
  v: () => notation.toggle(),
  f: () => stage.toggle(),
  "?": help,
});
by("bars").addEventListener("input", () => {
  const bars = Math.max(1, Math.floor(Number(by("bars").value)) || 16);
  by("keep-mid").href = `api/music.mid?bars=${bars}`;
  by("keep-wav").href = `api/music.wav?bars=${bars}`;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  Object.assign(colours, palette());
  roll.recolour(colours);
  state.draw();
});
document.fonts.ready.then(() => roll.recolour(colours));
const feed = new Feed(clock, on);
frame();
