/* Know the seed pieces by title, key and metre.
 *
 * Law: the list is fetched once for each set of pieces; without it, a piece is called by its number.
 */

import * as api from "../api.js";

let known = { names: null, list: null };

/** The pieces by name, as {title, key, metre, bars}; `names`: which there are, as a text that changes with them. */
export function of(names) {
  if (known.names !== names) {
    const list = api.pieces().then((pieces) => new Map(pieces.map((piece) => [piece.name, piece])));
    list.catch(() => { known = { names: null, list: null }; }); // so that it is asked for again
    known = { names, list };
  }
  return known.list;
}

/** The title of a piece; empty where it is not known, or not yet. */
export async function titleOf(name) {
  try {
    return (await known.list)?.get(name)?.title ?? "";
  } catch {
    return "";
  }
}
