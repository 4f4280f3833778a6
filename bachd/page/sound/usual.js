/* Choose the sound that suits the bundle, until somebody chooses another one.
 *
 * Law: what was chosen by hand stays, also when the page is opened again.
 */

const KEPT = "bachd.sound"; // where the browser keeps the choice
const USUAL = { chorales: "organ", cello: "cello", keyboard: "harpsichord" };
const OTHERS = "harpsichord";

export class UsualSound {
  /** `select`: where the sound is chosen; `changed`: called when the bundle has brought another one. */
  constructor(select, changed) {
    Object.assign(this, { select, changed, chosen: remembered() });
    if (this.offers(this.chosen)) select.value = this.chosen;
    else this.chosen = null;
    select.addEventListener("change", () => this.keep());
  }

  offers(name) {
    return [...this.select.options].some((option) => option.value === name);
  }

  keep() {
    this.chosen = this.select.value;
    try {
      localStorage.setItem(KEPT, this.chosen);
    } catch {
      // then it is chosen again next time
    }
  }

  /** The bundle of that name plays, a name or the path of a folder. */
  of(model) {
    const usual = USUAL[model] ?? OTHERS;
    if (this.chosen !== null || this.select.value === usual) return;
    this.select.value = usual;
    this.changed();
  }
}

function remembered() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // the browser keeps nothing
  }
}
