/* Switch the machine off, where config.yaml permits it.
 *
 * Law: nothing is sent before somebody has confirmed it; what is not permitted is not offered.
 */

import * as api from "../api.js";
import { by, say, write } from "../dom.js";

export class Shutdown {
  /** `attempt`: carries a request out and shows its refusal. */
  constructor(attempt) {
    this.dialog = by("shutdown");
    by("open-shutdown").addEventListener("click", () => this.dialog.showModal());
    by("shutdown-close").addEventListener("click", () => this.dialog.close());
    by("shutdown-now").addEventListener("click", () => attempt(async () => {
      try {
        await api.order("shutdown");
      } catch (fault) {
        this.dialog.close();
        throw fault;
      }
      const told = "The music ends, and the machine switches itself off. Wait until its light has stopped blinking before you unplug it.";
      write(by("shutdown-about"), told);
      by("shutdown-acts").hidden = true;
      say(told);
    }));
  }

  show(settings) {
    by("shutdown-card").hidden = !settings.values.web?.shutdown;
  }
}
