// What of a set-up goes to the server and comes back from it, for all scripts of its page.
"use strict";

/** Return an address of the set-up, with what it is about. */
function addressOf(form, path, more = {}) {
  const { manager, import: saved, edits } = form.dataset;
  const about = Object.entries({ manager, import: saved, edits, ...more }).filter(([, value]) => value);
  return `${path}?${new URLSearchParams(about)}`;
}

/** Take over a file that the server has taken up, so that it is not sent again. */
function takeOver(form, upload) {
  form.elements.upload_id.value = upload.upload_id;
  form.elements.upload_name.value = upload.upload_name;
  form.elements.file.value = "";
  document.getElementById("uploaded").textContent = `Uploaded: ${upload.upload_name}. Choose another to replace it.`;
}

/** Send a form and return the answer, JSON; `told` hears how much of it has gone, in percent. */
function sendForm(address, form, told, renewed = false) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far it is
    request.open("POST", address);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) told(Math.floor((100 * event.loaded) / event.total));
    });
    request.addEventListener("load", () => {
      if (new URL(request.responseURL).pathname === "/login") reject(new SessionEndedError());
      else if (request.status === 403 && !renewed) {
        renewToken().then(() => sendForm(address, form, told, true)).then(resolve, reject);
      }
      else if (request.response) resolve(request.response);
      else reject(new Error(request.status === 413 ? "The file is larger than this server takes." : ""));
    });
    request.addEventListener("error", () => reject(new Error("")));
    request.send(new FormData(form));
  });
}

/** Return what stands in a form, as a text to compare: all that somebody has entered or chosen. */
function enteredIn(form) {
  const ours = ["csrf", "draft", "save_key", "shown_run"];
  const fields = [...new FormData(form)]
    .filter(([name]) => !ours.includes(name))
    .map(([name, value]) => [name, value instanceof File ? [value.name, value.size] : value])
    .sort(([one], [other]) => (one < other ? -1 : Number(one > other))); // inputs change places from step to step
  return JSON.stringify(fields);
}
