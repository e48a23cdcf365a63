// Adds fields to the contact manager while columns are mapped: one by name, or one for each column that has none.
"use strict";

for (const form of document.querySelectorAll("form[data-set-up]")) {
  const step = form.querySelector("[data-step=mapping]");
  const place = document.getElementById("new-fields");
  const { new_field: name, new_kind: kind } = form.elements;
  const add = step.querySelector("[value=add_field]");

  /** Add fields, all or none, to the manager and to the page's choices; Error with words that say what is wrong. */
  async function addFields(wanted) {
    const sent = new FormData();
    sent.append("csrf", form.elements.csrf.value);
    for (const each of wanted) {
      sent.append("name", each.name);
      sent.append("kind", each.kind);
    }
    let said;
    try {
      const answer = await ask(addressOf(form, "/imports/fields"), sent);
      said = await answer.json();
    } catch (error) {
      throw new Error(wordsFor(error, "The fields could not be added just now. Try it again in a moment."));
    }
    if (said.error) throw new Error(said.error);
    for (const field of said.fields) {
      for (const list of [document.getElementById("field-choices"), form.elements.key]) {
        if (list === form.elements.key && field.kind === "password") continue;
        const option = new Option(field.name, field.name);
        option.dataset.kind = field.kind;
        list.append(option);
      }
    }
    return said.fields;
  }

  async function addForColumns(button) {
    const folded = button.closest(".new-fields");
    const ticked = [...folded.querySelectorAll("tr[data-column]")].filter((row) => row.querySelector("[type=checkbox]").checked);
    const wrong = folded.querySelector("[role=alert]");
    wrong.textContent = ticked.length ? "" : "Tick the columns that are to become fields.";
    if (!ticked.length) return;
    button.disabled = true;
    try {
      const fields = await addFields(
        ticked.map((row) => ({ name: row.querySelector("input:not([type=checkbox])").value, kind: row.querySelector("select").value })),
      );
      const lines = ticked.map((row, at) => ({ column: row.dataset.column, field: fields[at].name }));
      for (const row of ticked) row.remove();
      folded.hidden = !folded.querySelector("tr[data-column]");
      form.dispatchEvent(new CustomEvent("fields", { detail: { fields, lines } }));
      if (folded.hidden) step.querySelector("h3").focus();
    } catch (error) {
      wrong.textContent = error.message;
    }
    button.disabled = false;
  }

  async function addOne() {
    try {
      const fields = await addFields([{ name: name.value, kind: kind.value }]);
      name.value = "";
      form.dispatchEvent(new CustomEvent("fields", { detail: { fields, lines: [] } }));
    } catch (error) {
      const errors = { new_field: [error.message] };
      form.dispatchEvent(new CustomEvent("errors", { detail: { step: "mapping", errors } }));
    }
  }

  step.querySelector("h3").tabIndex = -1;
  add.addEventListener("click", (event) => {
    event.preventDefault();
    addOne();
  });
  place.addEventListener("click", (event) => {
    if ("newFields" in event.target.dataset) addForColumns(event.target);
  });
  step.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    if (event.target === name) addOne();
    else if (place.contains(event.target) && event.target.tagName === "INPUT") addForColumns(place.querySelector("[data-new-fields]"));
    else return;
    event.preventDefault();
  });
  form.addEventListener("previewed", (event) => {
    place.replaceChildren(...(event.detail.newFields ? [event.detail.newFields] : []));
  });
}
