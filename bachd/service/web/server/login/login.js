// A link such as http://pi:8080/login#TOKEN logs in by itself. What stands behind '#' is not sent with the address, so it
// is in no server's log; and it is taken out of the address before anything else happens, so that it is not shown. What
// follows a '&', such as stage=score, is kept: the page that the answer leads to finds it behind its own '#'.
const [token, place] = location.hash.slice(1).split("&").map((part) => decodeURIComponent(part));
if (token) {
  history.replaceState(null, "", location.pathname);
  const field = document.getElementById("token");
  field.value = token;
  if (place) field.form.action = `login#${place}`;
  field.form.requestSubmit();
}
