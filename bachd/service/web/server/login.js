// A link such as http://pi:8080/login#TOKEN logs in by itself. What stands behind '#' is not sent with the address, so it
// is in no server's log; and it is taken out of the address before anything else happens, so that it is not shown.
const token = decodeURIComponent(location.hash.slice(1));
if (token) {
  history.replaceState(null, "", location.pathname);
  const field = document.getElementById("token");
  field.value = token;
  field.form.requestSubmit();
}
