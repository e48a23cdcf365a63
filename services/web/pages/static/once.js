// A form is sent once: a second click while the answer is on its way sends nothing.
"use strict";

(() => {
  const PATIENCE = 10_000; // milliseconds, after which somebody may try again what never got an answer

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
    setTimeout(() => delete form.dataset.sent, PATIENCE);
  });

  // Come back to, from where it led.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
