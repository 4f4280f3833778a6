/* Steer by single keys.
 *
 * Law: a key that a field or a button has a use for is left to it; nothing happens while a dialog is open.
 */

const TAKES_TEXT = new Set(["INPUT", "SELECT", "TEXTAREA"]);
const TAKES_SPACE = new Set(["BUTTON", "A", "SUMMARY"]);

/** `actions`: by the key that is pressed, what to do. */
export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !(key in actions)) return;
    if (TAKES_TEXT.has(target.tagName) || target.isContentEditable) return;
    if (key === " " && TAKES_SPACE.has(target.tagName)) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    actions[key]();
  });
}
