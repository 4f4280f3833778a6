// A link such as http://pi:8080/login#TOKEN logs in by itself. What stands behind '#' is not sent with the address, so it
// is in no server's log; and the token is taken out of the address before anything else happens, so that it is not shown.
// What the page itself reads there, such as stage=score or a favourite, is kept: the page finds it after the login.
const PLACE = /^(stage(=.*)?|favourite=.+)$/;
const field = document.getElementById("token");
const hint = document.querySelector("[role=alert]");

/** Take the token out of the address and log in with it, if there is one. */
function follow() {
  const parts = location.hash.slice(1).split("&").map((part) => decodeURIComponent(part));
  const token = parts.find((part) => part && !PLACE.test(part));
  if (!token) return;
  const place = parts.find((part) => PLACE.test(part));
  history.replaceState(null, "", `${location.pathname}${place ? `#${place}` : ""}`);
  field.value = token;
  logIn();
}

/** Send the token; show the page, or why not. The address stays that of a page that can be loaded again. */
async function logIn() {
  hint.textContent = "";
  const body = new URLSearchParams({ token: field.value });
  let answer;
  try {
    answer = await fetch("login", { method: "POST", body, redirect: "manual" });
  } catch {
    hint.textContent = "bachd does not answer; try again.";
    return;
  }
  if (answer.type === "opaqueredirect") {
    history.replaceState(null, "", `./${location.hash}`);
    location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  hint.textContent = page.querySelector("[role=alert]")?.textContent ?? `bachd answered ${answer.status}`;
}

field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn();
});
window.addEventListener("hashchange", follow);
follow();
