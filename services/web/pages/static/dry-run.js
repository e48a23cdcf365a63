// Makes a dry run once its step is reached, shows it live, and then what would happen. Without scripts there is no such
// step: Save and Dry Run leads to the page of the run.
"use strict";

for (const form of document.querySelectorAll("form[data-set-up]")) {
  const place = document.getElementById("outcome");
  const run = form.querySelector("[data-run-import]");
  const notCompared = ["csrf", "file", "draft", "chosen", "new_field", "new_kind"];
  const stepOf = { name: "source", source: "source", options: "options", mapping: "mapping", unique_id: "mapping" };
  let tried = "";
  let events = null;
  let newest = 0;

  function entered() {
    const fields = [...new FormData(form)].filter(([name]) => !notCompared.includes(name));
    return JSON.stringify(fields);
  }

  // What is shown has to be the outcome of what stands in the form before that is run.
  function wait(is) {
    run.disabled = is;
    if (is) place.setAttribute("aria-busy", "true");
    else place.removeAttribute("aria-busy");
  }

  function refuse(errors) {
    const steps = Object.keys(errors).map((field) => stepOf[field.split(".")[0]]).filter(Boolean);
    const step = ["source", "options", "mapping"].find((each) => steps.includes(each)) ?? "outcome";
    const of = Object.entries(errors).filter(([field]) => (stepOf[field.split(".")[0]] ?? "outcome") === step);
    form.dispatchEvent(new CustomEvent("errors", { detail: { step, errors: Object.fromEntries(of) } }));
  }

  async function load(id, asked) {
    const answer = await fetch(`/imports/dry-runs/${id}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const text = await answer.text();
    if (asked !== newest) return;
    place.innerHTML = text;
    const going = place.querySelector("[data-watch]");
    if (going) events = watchRun(going.dataset.watch, () => [going], () => load(id, asked).catch(tell));
    else wait(false);
  }

  function tell() {
    tried = "";
    wait(false);
    place.textContent = "The dry run could not be made just now. Try it again in a moment; nothing was changed.";
    const again = Object.assign(document.createElement("button"), { type: "button", textContent: "Dry run again" });
    again.dataset.dryRun = "";
    place.append(" ", again);
  }

  async function start() {
    const asked = ++newest;
    events?.close();
    tried = entered();
    wait(true);
    place.textContent = "Starting a dry run…";
    try {
      const answer = await fetch(addressOf(form, "/imports/dry-run"), { method: "POST", body: new FormData(form) });
      const said = await answer.json();
      if (asked !== newest) return;
      if (said.errors) {
        tried = "";
        place.textContent = "";
        wait(false);
        refuse(said.errors);
        return;
      }
      form.dataset.import = said.import;
      form.elements.draft.value = said.draft;
      await load(said.run, asked);
    } catch {
      if (asked === newest) tell();
    }
  }

  form.addEventListener("step", (event) => {
    if (event.detail === "outcome" && tried !== entered()) start();
  });
  place.addEventListener("click", (event) => {
    if (!("dryRun" in event.target.dataset)) return;
    start();
    form.querySelector("[data-step=outcome] h2").focus();
  });
}
