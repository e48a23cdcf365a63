// Tries the source that stands in the form, and shows how far that came. Without scripts there is no such button.
"use strict";

for (const button of document.querySelectorAll("[data-test-connection]")) {
  const place = document.getElementById("connection-test");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const form = new FormData(button.form);
    form.delete("file");
    button.disabled = true;
    place.textContent = "Testing the connection…";
    try {
      const address = addressOf(button.form, "/imports/test-connection");
      const answer = await ask(address, form);
      if (!answer.ok) throw new Error(answer.statusText);
      place.innerHTML = await answer.text();
    } catch (error) {
      place.textContent = wordsFor(error, "The test could not be made just now. Try it again in a moment.");
    }
    button.disabled = false;
  });
}
