// Shows the set-up of an import one step at a time. Without scripts it is one long page, which saves the same.
"use strict";

for (const form of document.querySelectorAll("form[data-set-up]")) {
  const list = document.getElementById("steps");
  const sections = [...form.querySelectorAll("[data-step]")];
  const part = (name) => form.querySelector(`[data-${name}]`);
  const [back, next, run, finish] = [part("back"), part("next"), part("run-import"), part("finish")];
  const busy = form.querySelector("[data-busy]");
  const nameOf = (section) => section.dataset.step;
  let current = sections[0];
  let kept = ""; // what stood in the form when the server had all of it
  let under_way = null; // whatever is being sent: another request would not know the draft that this one makes
  let leaving = false;
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

  const isKept = () => kept === enteredIn(form);

  /** Have all that stands in the form kept, a chosen file too, and a step judged if one is named; return its errors. */
  async function keep(step) {
    const [file] = form.elements.file.files;
    const sent = enteredIn(form);
    try {
      const said = await sendForm(addressOf(form, "/imports/steps", step ? { step } : {}), form, (percent) => {
        if (file) busy.textContent = percent < 100 ? `Sending the file: ${percent} %` : "The file is being stored…";
      });
      if (!said.draft) throw new Error("");
      const isSame = sent === enteredIn(form);
      if (said.upload && form.elements.file.files[0] === file) takeOver(form, said.upload);
      if (isSame) kept = enteredIn(form);
      if (said.draft !== form.elements.draft.value) {
        form.elements.draft.value = said.draft;
        // So that the page, loaded anew, is the draft.
        history.replaceState(history.state, "", `/imports/drafts/${said.draft}#${nameOf(current)}`);
      }
      return said.errors;
    } finally {
      busy.textContent = "";
    }
  }

  /** Have a step judged; tells what is wrong, and whether all is well. */
  async function judged(section) {
    const only_kept = nameOf(section) === "preview"; // what was chosen there is no step's to judge
    const asked = { step: nameOf(section), wait: null };
    form.dispatchEvent(new CustomEvent("leaving", { detail: asked }));
    if (asked.wait) {
      const errors = await asked.wait;
      if (Object.keys(errors).length) {
        tellErrors(section, errors);
        return false;
      }
    }
    if (nameOf(section) === "outcome") return true;
    next.disabled = true;
    try {
      const errors = await keep(only_kept ? null : nameOf(section));
      if (Object.keys(errors).length) {
        tellErrors(section, errors);
        return false;
      }
      forgetErrors(section);
      return true;
    } catch (error) {
      const words = error.message || "That could not be checked just now. Try it again in a moment; nothing is lost.";
      tellErrors(section, { form: [words] });
      return false;
    } finally {
      next.disabled = false;
    }
  }

  /** Do what sends the form, once nothing else does. */
  async function alone(work) {
    await under_way;
    under_way = work();
    try {
      return await under_way;
    } finally {
      under_way = null;
    }
  }

  async function go(section) {
    if (under_way) return;
    const left = current;
    if (sections.indexOf(section) > sections.indexOf(left) && !(await alone(() => judged(left)))) return;
    if (current === left && !leaving) show(section);
  }

  // Back on the first step cancels; what was entered is offered as a draft.
  async function goBack() {
    const shown = shownSteps();
    const place = shown.indexOf(current);
    if (place > 0) {
      show(shown[place - 1]);
      return;
    }
    if (leaving) return;
    leaving = back.disabled = true;
    try {
      await alone(async () => {
        while (!isKept()) await keep(null);
      });
      location.assign(form.dataset.home);
    } catch (error) {
      leaving = false;
      const words = error.message || "What you entered could not be kept just now. Try it again in a moment.";
      tellErrors(current, { form: [`${words} “Synchronization” above leaves without it.`] });
    } finally {
      back.disabled = false;
    }
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
    if (event.submitter && !event.submitter.classList.contains("first")) {
      leaving = true;
      return;
    }
    event.preventDefault(); // Enter in a field goes on, and never saves half a set-up
    if (shownSteps().at(-1) !== current) goOn();
  });
  form.addEventListener("change", showButtons);
  // What scripts find out by themselves is nothing that somebody would lose.
  form.addEventListener("finding", ({ detail }) => {
    const was = isKept();
    detail.fill();
    if (was) kept = enteredIn(form);
  });
  form.addEventListener("kept", (event) => (kept = event.detail));
  addEventListener("beforeunload", (event) => {
    if (!leaving && !isKept()) event.preventDefault();
  });
  addEventListener("pageshow", () => (leaving = false)); // come back to, from where it led
  form.addEventListener("errors", (event) => {
    const { step, errors } = event.detail;
    const section = sections.find((each) => nameOf(each) === step);
    if (section !== current) show(section);
    tellErrors(section, errors);
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
    if (!wrong) kept = enteredIn(form);
  });
}
