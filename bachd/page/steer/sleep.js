/* The sleep timer, and what is said of hours in which the music rests.
 *
 * Law: what is said is the daemon's; the choice goes back to 'never' when no timer runs.
 */

import * as api from "../api.js";
import { by, say, write } from "../dom.js";

export class Sleep {
  /** `attempt`: carries a request out and shows its refusal. */
  constructor(attempt) {
    by("sleep").addEventListener("change", () => attempt(async () => {
      const { rest } = await api.sleep(by("sleep").value ? Number(by("sleep").value) : null);
      this.show(rest);
      say(rest ? `The music ${rest}.` : "No sleep timer.");
    }));
  }

  show(rest) {
    write(by("rest"), rest ?? "");
    if (!rest?.startsWith("pauses") && document.activeElement !== by("sleep")) by("sleep").value = "";
  }
}
