// Shows the set-up of an import one step at a time. Without scripts it is one long page, which saves the same.
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

for (const form of document.querySelectorAll("form[data-set-up]")) {
  const list = document.getElementById("steps");
  const sections = [...form.querySelectorAll("[data-step]")];
  const part = (name) => form.querySelector(`[data-${name}]`);
  const [back, next, run, finish] = [part("back"), part("next"), part("run-import"), part("finish")];
  const busy = form.querySelector("[data-busy]");
  const nameOf = (section) => section.dataset.step;
  let current = sections[0];
  let changed = false;
  let judging = false;
  let furthest = form.dataset.edits || form.elements.draft.value ? sections.length - 1 : 0;

  // An uploaded file has no schedule.
  function shownSteps() {
    const uploaded = form.elements.source.value === "upload";
    return sections.filter((section) => !(uploaded && nameOf(section) === "run"));
  }

  function showButtons() {
    const shown = shownSteps();
    const last = shown.at(-1) === current;
    const scheduled = nameOf(shown.at(-1)) === "run" && form.elements.repeat.value !== "none";
    next.hidden = last;
    run.hidden = finish.hidden = !last;
    run.classList.toggle("main", !scheduled);
    finish.classList.toggle("main", scheduled);
    finish.textContent = scheduled ? "Finish" : "Save without running";
    for (const button of list.querySelectorAll("[data-go]")) {
      const place = sections.findIndex((section) => nameOf(section) === button.dataset.go);
      button.parentElement.hidden = !shown.includes(sections[place]);
      button.disabled = place > furthest + 1;
      if (sections[place] === current) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
  }

  function show(section, { focus = true, remember = true } = {}) {
    current = section;
    furthest = Math.max(furthest, sections.indexOf(section));
    for (const each of sections) each.hidden = each !== section;
    showButtons();
    if (remember) history.pushState({ step: nameOf(section) }, "", `#${nameOf(section)}`);
    form.dispatchEvent(new CustomEvent("step", { detail: nameOf(section) }));
    if (!focus) return;
    section.querySelector("h2").focus();
    scrollTo(0, 0);
  }

  function forget(section) {
    section.querySelector(".said")?.remove();
    for (const input of section.querySelectorAll("[data-said]")) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      input.removeAttribute("data-said");
    }
  }

  function inputOf(section, field) {
    return section.querySelector(`[data-input="${CSS.escape(field)}"]`);
  }

  /** Tell what is wrong with a step, mark its inputs, and lead to the first of them. */
  function tell(section, errors) {
    forget(section);
    const said = Object.assign(document.createElement("ul"), { className: "said error", tabIndex: -1 });
    said.setAttribute("role", "alert");
    let first = null;
    for (const [field, messages] of Object.entries(errors)) {
      const line = document.createElement("li");
      line.textContent = messages.join(" ");
      line.id = `said-${field.replaceAll(".", "-")}`;
      said.append(line);
      const named = inputOf(section, field) ?? inputOf(section, field.replace(/\.\d+$/, ""));
      if (!named) continue;
      named.setAttribute("aria-invalid", "true");
      named.setAttribute("aria-describedby", line.id);
      named.dataset.said = "";
      named.closest("details")?.setAttribute("open", "");
      first ??= named;
    }
    section.querySelector("h2").after(said);
    (first && !first.closest("[hidden]") ? first : said).focus();
  }

  /** Have a step judged, and a chosen file taken up; tells what is wrong, and whether all is well. */
  async function judged(section) {
    const only_kept = nameOf(section) === "preview"; // what was chosen there is no step's to judge
    const leaving = { step: nameOf(section), wait: null };
    form.dispatchEvent(new CustomEvent("leaving", { detail: leaving }));
    if (leaving.wait) {
      const errors = await leaving.wait;
      if (Object.keys(errors).length) {
        tell(section, errors);
        return false;
      }
    }
    if (nameOf(section) === "outcome") return true;
    const sends = form.elements.file.files.length > 0;
    next.disabled = true;
    try {
      const address = addressOf(form, "/imports/steps", only_kept ? {} : { step: nameOf(section) });
      const said = await sendForm(address, form, (percent) => {
        if (sends) busy.textContent = percent < 100 ? `Sending the file: ${percent} %` : "The file is being stored…";
      });
      if (said.upload) takeOver(form, said.upload);
      if (said.draft && said.draft !== form.elements.draft.value) {
        form.elements.draft.value = said.draft;
        // So that the page, loaded anew, is the draft.
        history.replaceState(history.state, "", `/imports/drafts/${said.draft}#${nameOf(current)}`);
      }
      if (Object.keys(said.errors).length) {
        tell(section, said.errors);
        return false;
      }
      forget(section);
      return true;
    } catch (error) {
      const words = error.message || "That could not be checked just now. Try it again in a moment; nothing is lost.";
      tell(section, { form: [words] });
      return false;
    } finally {
      busy.textContent = "";
      next.disabled = false;
    }
  }

  async function go(section) {
    if (judging) return; // another request would not know the draft that this one makes
    const left = current;
    if (sections.indexOf(section) > sections.indexOf(left)) {
      judging = true;
      try {
        if (!(await judged(left))) return;
      } finally {
        judging = false;
      }
    }
    if (current === left) show(section);
  }

  // Back on the first step cancels; what was entered is offered as a draft.
  async function goBack() {
    const shown = shownSteps();
    const place = shown.indexOf(current);
    if (place > 0) {
      show(shown[place - 1]);
      return;
    }
    const kept = { method: "POST", body: new FormData(form) };
    if (changed) await fetch(addressOf(form, "/imports/steps"), kept).catch(() => {});
    location.assign(form.dataset.home);
  }

  async function goOn() {
    const shown = shownSteps();
    await go(shown[shown.indexOf(current) + 1]);
  }

  form.noValidate = true; // inputs of other steps can't be shown by the browser; the server judges them
  list.hidden = false;
  for (const part of form.querySelectorAll("[data-unscripted]")) part.hidden = true;
  for (const part of form.querySelectorAll("[data-scripted]")) part.hidden = false;
  for (const section of sections) section.querySelector("h2").tabIndex = -1;
  back.addEventListener("click", goBack);
  next.addEventListener("click", goOn);
  list.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-go]")?.dataset.go;
    const section = sections.find((each) => nameOf(each) === wanted);
    if (section && section !== current) go(section);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter && !event.submitter.classList.contains("first")) return;
    event.preventDefault(); // Enter in a field goes on, and never saves half a set-up
    if (shownSteps().at(-1) !== current) goOn();
  });
  form.addEventListener("change", () => {
    changed = true;
    showButtons();
  });
  form.addEventListener("errors", (event) => {
    const { step, errors } = event.detail;
    const section = sections.find((each) => nameOf(each) === step);
    if (section !== current) show(section);
    tell(section, errors);
  });
  for (const input of form.querySelectorAll("[data-mirrors]")) {
    const named = form.elements[input.dataset.mirrors];
    input.value = named.value;
    input.addEventListener("input", () => (named.value = input.value));
    named.addEventListener("input", () => (input.value = named.value));
  }
  addEventListener("popstate", (event) => {
    const section = sections.find((each) => nameOf(each) === event.state?.step);
    // The browser itself takes the focus away, to where it thinks the address leads, right after this.
    if (section && section !== current) setTimeout(() => show(section, { remember: false }));
  });
  const wrong = form.querySelector("[aria-invalid], .error:not(:empty)")?.closest("[data-step]");
  const named = sections.find((each) => `#${nameOf(each)}` === location.hash && shownSteps().includes(each));
  // Other scripts have to be ready to hear of the first step.
  addEventListener("DOMContentLoaded", () => {
    show(wrong ?? (furthest ? named : null) ?? sections[0], { focus: Boolean(wrong), remember: false });
    history.replaceState({ step: nameOf(current) }, "");
  });
}
