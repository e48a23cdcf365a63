// Shows the beginning of the file that stands in the form, and fills in what was found. Without scripts there is no
// such button.
"use strict";

for (const button of document.querySelectorAll("[data-preview]")) {
  const form = button.form;
  const place = document.getElementById("preview");
  const chosen = form.elements.chosen;
  const readBy = {
    delimiter: "delimiter", other_delimiter: "delimiter", quote: "quote", has_header: "has_header",
    skip_lines: "skip_lines", encoding: "encoding", comment: "comment", date_format: "date_format",
  };

  // What somebody chose counts; the rest is detected.
  function choose(...names) {
    chosen.value = [...new Set([...chosen.value.split(" "), ...names])].filter(Boolean).join(" ");
  }

  function changed(input) {
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function fill(name, value) {
    const input = form.elements[name];
    if (typeof value === "boolean") input.checked = value;
    else input.value = value;
  }

  function useSettings(settings) {
    for (const [name, value] of Object.entries(settings)) fill(name, value);
    choose(...Object.keys(settings).map((name) => readBy[name] ?? ""));
    const options = document.getElementById("options");
    for (const details of options.querySelectorAll("details")) {
      details.open ||= [...details.querySelectorAll("input")].some((input) => input.name in settings && input.value !== input.defaultValue);
    }
    options.scrollIntoView();
  }

  function emptyLine() {
    const empty = form.querySelector("table.mapping tbody").rows[0].cloneNode(true);
    for (const input of empty.querySelectorAll("input, select")) {
      input.removeAttribute("aria-invalid");
      if (input.tagName === "SELECT") input.selectedIndex = 0;
      else input.value = "";
    }
    for (const error of empty.querySelectorAll(".error")) error.remove();
    return empty;
  }

  // The lines that are filled in stay where they are kept; one empty line ends them.
  function setLines(lines, kept) {
    const body = form.querySelector("table.mapping tbody");
    const empty = emptyLine();
    const rows = lines.map((line) => {
      const row = empty.cloneNode(true);
      row.querySelector("[name=column]").value = line.column;
      row.querySelector("[name=field]").value = line.field;
      return row;
    });
    body.replaceChildren(...kept, ...rows, empty);
    [...body.rows].forEach((row, place) => {
      for (const input of row.querySelectorAll("[aria-label]")) {
        input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, place + 1));
      }
    });
    document.getElementById("mapping").scrollIntoView();
  }

  function useMapping(mapping) {
    setLines(mapping.lines, []);
    if (mapping.key) form.elements.key.value = mapping.key;
  }

  function isFilled(row) {
    return ["column", "field", "constant"].some((name) => row.querySelector(`[name=${name}]`).value);
  }

  // The page stays as it is, with all that was entered.
  async function addFields(button) {
    const part = button.closest(".new-fields");
    const wanted = [...part.querySelectorAll("tr[data-column]")].filter((row) => row.querySelector("[type=checkbox]").checked);
    const sent = new FormData();
    sent.append("csrf", form.elements.csrf.value);
    for (const row of wanted) {
      sent.append("name", row.querySelector("input:not([type=checkbox])").value);
      sent.append("kind", row.querySelector("select").value);
    }
    const told = part.querySelector("[role=alert]");
    told.textContent = wanted.length ? "" : "Tick the columns that are to become fields.";
    if (!wanted.length) return;
    button.disabled = true;
    try {
      const answer = await fetch(button.dataset.newFields, { method: "POST", body: sent });
      const said = await answer.json();
      if (said.error) throw new Error(said.error);
      for (const field of said.fields) {
        for (const select of form.querySelectorAll("[name=field], [name=key]")) {
          if (select.name === "field" || field.kind !== "password") select.add(new Option(field.name));
        }
      }
      const filled = [...form.querySelector("table.mapping tbody").rows].filter(isFilled);
      setLines(wanted.map((row, place) => ({ column: row.dataset.column, field: said.fields[place].name })), filled);
      for (const row of wanted) row.remove();
    } catch (error) {
      told.textContent = error instanceof SyntaxError || error instanceof TypeError ? "The fields could not be added just now. Try it again in a moment." : error.message;
    }
    button.disabled = false;
  }

  async function show() {
    button.disabled = true;
    place.textContent = "Reading the beginning of the file…";
    try {
      const answer = await fetch(button.dataset.preview, { method: "POST", body: new FormData(form) });
      if (!answer.ok) throw new Error(answer.statusText);
      place.innerHTML = await answer.text();
      const uploaded = place.querySelector("[data-upload]");
      if (uploaded) {
        const upload = JSON.parse(uploaded.dataset.upload);
        for (const [name, value] of Object.entries(upload)) fill(name, value);
        form.elements.file.value = "";
        document.getElementById("uploaded").textContent = `Uploaded: ${upload.upload_name}. Choose another to replace it.`;
      }
    } catch {
      place.textContent = "The preview could not be made just now. Try it again in a moment.";
    }
    button.disabled = false;
  }

  // What was chosen for one file says nothing of another.
  const ofSource = ["source", "protocol", "link", "file"];

  button.hidden = false;
  button.addEventListener("click", show);
  form.addEventListener("change", (event) => {
    if (event.target.name in readBy) choose(readBy[event.target.name]);
    if (ofSource.includes(event.target.name)) chosen.value = "";
  });
  place.addEventListener("click", (event) => {
    const data = event.target.dataset;
    if (data.settings) useSettings(JSON.parse(data.settings));
    if ("detect" in data) {
      chosen.value = "";
      show();
    }
    if (data.newFields) addFields(event.target);
    if (data.mapping) useMapping(JSON.parse(data.mapping));
    for (const [name, value] of [["encoding", data.encoding], ["date_format", data.dateFormat]]) {
      if (!value) continue;
      fill(name, value);
      changed(form.elements[name]);
      show();
    }
  });
}
