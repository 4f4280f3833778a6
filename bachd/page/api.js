/* Send requests to bachd, and throw its refusals.
 *
 * Law: a refusal keeps the server's words; no request is repeated automatically.
 */

/** A refusal of the server. `faults`: its words, one line each. */
export class Refusal extends Error {
  constructor(status, faults) {
    super(faults.join("\n"));
    this.status = status;
    this.faults = faults;
  }
}

/** Send a request below api/. Returns the JSON of the answer, null if it has none. Throws Refusal. */
async function ask(method, path, body, type = "application/json") {
  let answer;
  try {
    answer = await fetch(`api/${path}`, { method, body, headers: body === undefined ? {} : { "Content-Type": type } });
  } catch {
    throw new Refusal(0, ["bachd does not answer; the page keeps reconnecting"]);
  }
  if (answer.status === 401) window.location.reload(); // the server shows its login page there
  const json = /json/.test(answer.headers.get("Content-Type") ?? "") ? await answer.json() : null;
  if (!answer.ok) throw new Refusal(answer.status, json?.faults ?? [json?.error ?? `bachd answered ${answer.status}`]);
  return json;
}

export const change = (settings) => ask("PATCH", "settings", JSON.stringify(settings));
export const undo = () => ask("POST", "settings/undo");
export const redo = () => ask("POST", "settings/redo");
/** Keep the present settings under a name, or remove what was kept so. */
export const savePreset = (name) => ask("PUT", `presets/${encodeURIComponent(name)}`);
export const removePreset = (name) => ask("DELETE", `presets/${encodeURIComponent(name)}`);
export const save = () => ask("POST", "settings/save");
export const settings = () => ask("GET", "settings");
/** `what`: play, pause, stop, panic, next, again or shutdown. */
export const order = (what) => ask("POST", what);
/** The seed pieces of the bundle that plays: {name, title, key, metre, bars}. */
export const pieces = () => ask("GET", "pieces");
/** The events of a seed piece of the bundle. */
export const piece = (name) => ask("GET", `pieces/${encodeURIComponent(name)}`);
/** Upload a .mid file. Returns {piece}: the value for seed.piece. */
export const upload = (file) => ask("POST", `seeds?name=${encodeURIComponent(file.name)}`, file, "audio/midi");
/** Pause in so many minutes; null is not at all. Returns {rest}: what is said of it. */
export const sleep = (minutes) => ask("POST", "sleep", JSON.stringify({ minutes }));
/** Wait for the next knob, pedal or key. Returns {trigger}: its name. */
export const learn = () => ask("POST", "learn");
/** Keep a piece of this run by its number; null is the one that is heard. Returns {kept, whole}; if not whole, the rest follows. */
export const keep = (number = null) => ask("POST", "keep", number === null ? undefined : JSON.stringify({ number }));
/** Play again: {number} of a piece of this run, or {favourite}. */
export const replay = (what) => ask("POST", "replay", JSON.stringify(what));
/** What a favourite holds: {piece, model, bars}. */
export const describe = (favourite) => ask("POST", "describe", JSON.stringify({ favourite }));
/** Remove a favourite from the list. */
export const forget = (favourite) => ask("POST", "forget", JSON.stringify({ favourite }));
/** {pieces, favourites}, the latest last. */
export const history = () => ask("GET", "history");
