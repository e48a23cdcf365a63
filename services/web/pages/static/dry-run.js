// Makes a dry run once its step is reached, shows it live, and then what would happen. Without scripts there is no such
// step: Save and Dry Run leads to the page of the run.
"use strict";

for (const form of document.querySelectorAll("form[data-set-up]")) {
  const place = document.getElementById("outcome");
  const run = form.querySelector("[data-run-import]");
  const { shown_run: shown } = form.elements;
  const untried = form.querySelector("[data-untried]");
  // Of a schedule the outcome depends on that there is one, and on its zone.
  const scheduling = [...form.querySelectorAll("[data-schedule] [name]")].map((input) => input.name);
  const notCompared = new Set(["csrf", "file", "draft", "save_key", "chosen", "shown_run", "new_field", "new_kind", "name",
    "error_emails", ...scheduling]);
  const stepOf = { name: "source", source: "source", options: "options", mapping: "mapping", unique_id: "mapping" };
  shown.value = ""; // a page that is loaded again has shown none
  let tried = "";
  let events = null;
  let newest = 0;
  let step = "";

  function entered() {
    const fields = [...new FormData(form)].filter(([name]) => !notCompared.has(name) && !name.startsWith("mail_"));
    const { repeat, time_zone: zone } = form.elements;
    return JSON.stringify([fields, repeat.value !== "none" && zone.value]);
  }

  // What is shown has to be the outcome of what stands in the form before that is run.
  function allow() {
    run.disabled = !shown.value || tried !== entered();
    untried.hidden = step !== "run" || !run.disabled;
  }

  function wait(is) {
    if (is) place.setAttribute("aria-busy", "true");
    else place.removeAttribute("aria-busy");
    allow();
  }

  function refuse(errors) {
    const steps = Object.keys(errors).map((field) => stepOf[field.split(".")[0]]).filter(Boolean);
    const step = ["source", "options", "mapping"].find((each) => steps.includes(each)) ?? "outcome";
    const of = Object.entries(errors).filter(([field]) => (stepOf[field.split(".")[0]] ?? "outcome") === step);
    form.dispatchEvent(new CustomEvent("errors", { detail: { step, errors: Object.fromEntries(of) } }));
  }

  async function load(id, asked) {
    const answer = await ask(`/imports/dry-runs/${id}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const text = await answer.text();
    if (asked !== newest) return;
    place.innerHTML = text;
    const going = place.querySelector("[data-watch]");
    const lost = () => tell(null, "The dry run can't be followed any more; nothing was changed.");
    if (going) events = watchRun(going.dataset.watch, () => [going], () => load(id, asked).catch(tell), lost);
    else {
      shown.value = id;
      wait(false);
    }
  }

  const failed = "The dry run could not be made just now. Try it again in a moment; nothing was changed.";

  function tell(error, otherwise = failed) {
    tried = "";
    wait(false);
    place.textContent = wordsFor(error, otherwise);
    const again = Object.assign(document.createElement("button"), { type: "button", textContent: "Dry run again" });
    again.dataset.dryRun = "";
    place.append(" ", again);
  }

  async function start() {
    const asked = ++newest;
    events?.close();
    tried = entered();
    const sent = enteredIn(form);
    shown.value = "";
    wait(true);
    place.textContent = "Starting a dry run…";
    try {
      const answer = await ask(addressOf(form, "/imports/dry-run"), new FormData(form));
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
      form.dispatchEvent(new CustomEvent("kept", { detail: sent }));
      await load(said.run, asked);
    } catch (error) {
      if (asked === newest) tell(error);
    }
  }

  form.addEventListener("step", (event) => {
    step = event.detail;
    if (step === "outcome" && tried !== entered()) start();
    allow();
  });
  form.addEventListener("input", allow);
  form.addEventListener("change", allow);
  untried.querySelector("[data-look]").addEventListener("click", () => document.querySelector("[data-go=outcome]").click());
  place.addEventListener("click", (event) => {
    if (!("dryRun" in event.target.dataset)) return;
    start();
    form.querySelector("[data-step=outcome] h2").focus();
  });
}
