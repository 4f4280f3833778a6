/* Show the roll and the title alone, on the whole screen: `#stage` in the address.
 *
 * Law: the music does not notice; leaving gives the page back as it was. A screen that shows it stays awake where the
 * browser can do that.
 */

import { by } from "../dom.js";

const HASH = "#stage";
const IDLE = 3000; // milliseconds after which the pointer is hidden

export class Stage {
  constructor() {
    by("open-stage").addEventListener("click", () => this.toggle());
    by("leave-stage").addEventListener("click", () => this.toggle());
    window.addEventListener("hashchange", () => this.follow());
    document.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement && this.filling) this.leave();
    });
    document.addEventListener("visibilitychange", () => this.wake());
    document.addEventListener("pointermove", () => this.stir());
    this.follow();
  }

  get on() {
    return window.location.hash.split("=")[0] === HASH;
  }

  /** Fill the screen, or give it back. Call it from a click or a key: browsers insist. */
  async toggle() {
    if (this.on) return this.leave();
    window.location.hash = HASH;
    try {
      await document.documentElement.requestFullscreen();
      this.filling = true;
    } catch {
      this.filling = false; // the window is filled, then
    }
  }

  leave() {
    this.filling = false;
    if (document.fullscreenElement) document.exitFullscreen();
    if (!this.on) return;
    window.history.replaceState(null, "", window.location.pathname);
    this.follow();
  }

  follow() {
    document.body.classList.toggle("on-stage", this.on);
    by("leave-stage").hidden = !this.on;
    this.wake();
    this.stir();
  }

  async wake() {
    if (!this.on || document.visibilityState !== "visible") {
      await this.lock?.release();
      this.lock = null;
      return;
    }
    try {
      this.lock ??= await navigator.wakeLock?.request("screen");
    } catch {
      this.lock = null; // the battery is low, or the page is not served over HTTPS
    }
  }

  stir() {
    document.body.classList.remove("idle");
    clearTimeout(this.idle);
    if (this.on) this.idle = setTimeout(() => document.body.classList.add("idle"), IDLE);
  }
}
