/* Dim the stage while nothing plays.
 *
 * Law: music, a touch, the pointer or a key brings the light back at once; only the stage dims.
 */

const STILL = 60_000; // milliseconds without music or a touch after which it dims

export class Dimmer {
  constructor() {
    for (const kind of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(kind, () => this.stir());
    new MutationObserver(() => this.follow()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.follow();
  }

  /** Whether there is music, or a page that is used, has changed. */
  follow() {
    const { classList } = document.body;
    const still = classList.contains("halted") && classList.contains("on-stage");
    if (still !== this.still) this.stir();
  }

  stir() {
    const { classList } = document.body;
    this.still = classList.contains("halted") && classList.contains("on-stage");
    clearTimeout(this.timer);
    classList.remove("dimmed");
    if (this.still) this.timer = setTimeout(() => classList.add("dimmed"), STILL);
  }
}
