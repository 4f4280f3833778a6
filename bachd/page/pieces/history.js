/* Show what was played and kept: play it again, keep it, copy its link, save its score.
 *
 * Law: a link holds the piece itself; nothing is played before somebody asks for it.
 */

import * as api from "../api.js";
import { by, make, say, title, write } from "../dom.js";

const MARK = "#favourite=";
/** What an action returns that has changed the lists. */
const CHANGED = "changed";
/** What the button says that asks whether a favourite is to be removed. */
const SURE = "Really remove";

export class History {
  constructor() {
    by("open-history").addEventListener("click", () => this.open());
    by("history-close").addEventListener("click", () => by("history").close());
    by("offer-close").addEventListener("click", () => this.dismiss());
    by("offer").addEventListener("close", () => this.dismiss());
    by("offer-play").addEventListener("click", () => this.attempt("offer-fault", async () => {
      await api.replay({ favourite: asked() });
      by("offer").close();
      say("The favourite comes with the next bar.");
    }));
    window.addEventListener("hashchange", () => this.offer());
    this.offer();
  }

  /** Ask whether the piece that the address holds is to be played. */
  async offer() {
    if (!window.location.hash.startsWith(MARK)) return;
    write(by("offer-about"), "");
    by("offer-play").hidden = true;
    if (!by("offer").open) by("offer").showModal();
    await this.attempt("offer-fault", async () => {
      const { piece, bars } = await api.describe(asked());
      write(by("offer-about"), `This link holds a piece after ${title(piece)}, of ${bars} bars. It would be played from the next bar on.`);
      by("offer-play").hidden = false;
      by("offer-play").focus();
    });
  }

  /** Take the piece out of the address, so that a reload does not ask again. */
  dismiss() {
    if (by("offer").open) by("offer").close();
    if (window.location.hash.startsWith(MARK)) window.history.replaceState(null, "", window.location.pathname);
  }

  async open() {
    by("history").showModal();
    await this.refresh();
  }

  /** A piece has begun or was kept. */
  refresh() {
    return by("history").open ? this.attempt("history-fault", async () => this.show(await api.history())) : undefined;
  }

  show({ pieces, favourites }) {
    const played = pieces.map(({ number, piece, whole }) => this.row(title(piece), whole ? "" : "plays now", [
      ["Play again", () => api.replay({ number })],
      ["Keep", async () => {
        const { whole } = await api.keep(number);
        say(whole ? "Kept." : "Kept so far, and the rest when it is over.");
        return CHANGED;
      }],
    ], make("a", { className: "button", href: `api/score.musicxml?piece=${number}`, download: "" }, "Score")));
    const kept = favourites.map(({ number, piece, kept: when, favourite }) => this.row(title(piece), about(number, when), [
      ["Play", () => api.replay({ favourite })],
      ["Copy link", async (button) => {
        await navigator.clipboard?.writeText(link(favourite));
        button.textContent = navigator.clipboard ? "Copied" : "Not here";
        say("The link is copied.");
      }],
      ["Remove", async (button) => {
        if (button.textContent === SURE) {
          await api.forget(favourite);
          say("Removed.");
          return CHANGED;
        }
        button.textContent = SURE;
        say("Press it again to remove it.");
        return undefined;
      }],
    ], make("a", { className: "button", href: link(favourite) }, "Link")));
    const none = (text) => [make("li", { className: "quiet" }, text)];
    by("played").replaceChildren(...(played.length ? played.reverse() : none("Nothing yet.")));
    by("favourites").replaceChildren(...(kept.length ? kept.reverse() : none("None yet: the heart keeps the piece that plays.")));
  }

  row(name, about, actions, ...more) {
    const buttons = actions.map(([text, act]) => {
      const button = make("button", { type: "button", textContent: text, "aria-label": `${text}: ${name}` });
      button.addEventListener("click", () => this.attempt("history-fault", async () => {
        if (await act(button) === CHANGED) await this.refresh();
      }));
      return button;
    });
    for (const link of more) link.setAttribute("aria-label", `${link.textContent}: ${name}`);
    return make("li", {}, make("span", {}, name), make("span", { className: "quiet" }, about), make("span", { className: "acts" }, ...buttons, ...more));
  }

  async attempt(where, action) {
    try {
      write(by(where), "");
      await action();
    } catch (fault) {
      write(by(where), fault.message);
    }
  }
}

/** The favourite in the address. */
const asked = () => window.location.hash.slice(MARK.length);
/** A favourite's number, which `bachd render --favourite` takes, and when it was kept. */
const about = (number, when) => `no. ${number} · ${when.slice(0, 16).replace("T", " ")}`;
const link = (favourite) => `${window.location.origin}${window.location.pathname}${MARK}${favourite}`;
