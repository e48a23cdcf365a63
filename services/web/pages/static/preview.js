// Shows the beginning of the file that stands in the form once its step is reached, and puts what was found into the
// options, save where somebody chose otherwise. Without scripts there is no such step.
"use strict";

for (const form of document.querySelectorAll("form[data-set-up]")) {
  const button = form.querySelector("[data-preview]");
  const place = document.getElementById("preview");
  const chosen = form.elements.chosen;
  const reading = document.getElementById("reading");
  const home = reading.nextElementSibling;
  const readBy = {
    delimiter: "delimiter", other_delimiter: "delimiter", quote: "quote", has_header: "has_header",
    skip_lines: "skip_lines", encoding: "encoding", comment: "comment", date_format: "date_format",
    decimal_separator: "decimal_separator", expected_columns: "expected_columns",
  };
  // What was chosen for one file says nothing of another.
  const ofSource = ["source", "protocol", "link", "file"];
  const alsoRead = ["login", "password", "private_key", "passphrase", "bearer_token", "headers", "trim", "phone_region"];
  const isRemoved = (name) => name?.startsWith("forget_");
  let step = "";
  let stale = true;
  let newest = 0;
  let under_way = null;

  // What somebody chose counts; the rest is detected.
  function choose(...names) {
    chosen.value = [...new Set([...chosen.value.split(" "), ...names])].filter(Boolean).join(" ");
  }

  function fill(name, value) {
    const input = form.elements[name];
    if (typeof value === "boolean") input.checked = value;
    else input.value = value;
  }

  function useSettings(settings) {
    const own = chosen.value.split(" ");
    for (const [name, value] of Object.entries(settings)) {
      if (!own.includes(readBy[name])) fill(name, value);
    }
  }

  async function show() {
    const asked = ++newest;
    stale = false;
    button.disabled = true;
    place.setAttribute("aria-busy", "true");
    if (!place.firstElementChild) place.textContent = "Reading the beginning of the file…";
    try {
      const address = addressOf(form, "/imports/preview");
      const answer = await ask(address, new FormData(form));
      if (!answer.ok) throw new Error(answer.statusText);
      const text = await answer.text();
      if (asked !== newest) return;
      const focused = place.contains(document.activeElement);
      place.innerHTML = text;
      if (focused) place.focus();
      const uploaded = place.querySelector("[data-upload]");
      if (uploaded) takeOver(form, JSON.parse(uploaded.dataset.upload));
      const found = place.querySelector("[data-found]");
      if (found) {
        const detail = JSON.parse(found.dataset.found);
        detail.newFields = place.querySelector(".new-fields");
        const fill = () => {
          useSettings(detail.settings);
          form.dispatchEvent(new CustomEvent("previewed", { detail }));
        };
        form.dispatchEvent(new CustomEvent("finding", { detail: { fill } }));
      }
    } catch (error) {
      if (asked !== newest) return;
      stale = true;
      place.textContent = wordsFor(error, "The preview could not be made just now. Try it again in a moment.");
    } finally {
      if (asked === newest) {
        button.disabled = false;
        place.removeAttribute("aria-busy");
      }
    }
  }

  function look() {
    under_way = show();
  }

  place.tabIndex = -1; // what was clicked in it is replaced
  button.addEventListener("click", look);
  form.elements.other_delimiter.addEventListener("input", () => (form.elements.delimiter.value = "other"));
  form.addEventListener("step", (event) => {
    step = event.detail;
    if (step === "preview") form.querySelector("[data-reading]").append(reading);
    else home.before(reading);
    // While the options are looked at, what is found in the file gets into them already.
    if (stale && ["options", "preview", "mapping"].includes(step)) look();
  });
  form.addEventListener("change", (event) => {
    const name = event.target.name;
    if (ofSource.includes(name)) chosen.value = "";
    if (name in readBy) choose(readBy[name]);
    if (!isRemoved(name) && ![...ofSource, ...alsoRead, ...Object.keys(readBy)].includes(name)) return;
    stale = true;
    if (step === "preview") look();
  });
  // Steps ask before they are left.
  form.addEventListener("leaving", (event) => {
    const { detail } = event;
    if (detail.step !== "preview") return;
    detail.wait = Promise.resolve(under_way).then(() => {
      const open = [...place.querySelectorAll("[data-to-choose]")].map((each) => each.dataset.toChoose);
      return open.length ? { form: open } : {};
    });
  });
  place.addEventListener("click", (event) => {
    const data = event.target.dataset;
    if ("detect" in data) {
      chosen.value = "";
      look();
    }
    for (const [name, value] of [["encoding", data.encoding], ["date_format", data.dateFormat]]) {
      if (!value) continue;
      fill(name, value);
      choose(name);
      look();
    }
  });
}
