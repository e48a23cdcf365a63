// Maps columns to fields by clicking one and one, by dragging, or by the keyboard. What is mapped stands in the lines of
// the form's own table, which is all there is without scripts.
"use strict";

for (const form of document.querySelectorAll("form[data-set-up]")) {
  const step = form.querySelector("[data-step=mapping]");
  const part = (name) => step.querySelector(`[data-${name}]`);
  const table = step.querySelector("table.mapping");
  const body = table.tBodies[0];
  const key = form.elements.key;
  const told = part("told");
  let columns = []; // of the newest preview
  let proposal = null;
  let dragged = null;

  const input = (row, name) => row.querySelector(`[name=${name}]`);
  const isFilled = (row) => ["column", "field", "constant"].some((name) => input(row, name).value);
  const rows = () => [...body.rows].filter(isFilled);
  const fields = () => [...document.getElementById("field-choices").options];
  const element = (tag, properties = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...inside);
    return made;
  };

  // Somebody's own mapping, and their own unique identifier, are not replaced by a proposal.
  let own = rows().length > 0;
  let own_key = key.value !== "";

  function emptyRow() {
    const row = body.rows[0].cloneNode(true);
    for (const each of row.querySelectorAll("input, select")) {
      each.removeAttribute("aria-invalid");
      each.removeAttribute("aria-describedby");
      if (each.tagName === "SELECT") each.selectedIndex = 0;
      else each.value = "";
    }
    for (const each of row.querySelectorAll(".error, .shown")) each.remove();
    return row;
  }

  function lineRow(line) {
    const row = emptyRow();
    for (const [name, value] of Object.entries(line)) input(row, name).value = value;
    return row;
  }

  // One empty line ends the table: new ones are made from it.
  function setRows(filled) {
    body.replaceChildren(...filled, emptyRow());
    [...body.rows].forEach((row, place) => {
      for (const each of row.querySelectorAll("[aria-label]")) {
        each.setAttribute("aria-label", each.getAttribute("aria-label").replace(/\d+$/, place + 1));
      }
      for (const each of row.querySelectorAll("[data-input]")) {
        each.dataset.input = each.dataset.input.replace(/\d+/, place);
      }
    });
    render();
  }

  function pick(list, name, value, ...inside) {
    const radio = element("input", { type: "radio", name: `pick-${name}`, value });
    radio.setAttribute("form", ""); // it says what is being done, and is no part of what is sent
    const label = element("label", { className: "pick" }, radio, element("span", {}, ...inside));
    list.append(label);
    return label;
  }

  const samplesOf = (column) => (column.hidden ? "passwords are not shown" : column.samples.join(", "));
  const picked = (name) => step.querySelector(`[name=pick-${name}]:checked`)?.value;

  function renderColumns(mapped) {
    const list = part("columns");
    const chosen = picked("column");
    list.replaceChildren();
    for (const column of columns.filter((each) => !mapped.has(each.name))) {
      const label = pick(list, "column", column.name, element("strong", { textContent: column.name }),
        element("span", { className: "muted samples", textContent: samplesOf(column) }),
        element("span", { className: "muted", textContent: `${column.filled} % filled` }));
      label.querySelector("input").checked = column.name === chosen;
      label.draggable = true;
      label.addEventListener("dragstart", (event) => {
        dragged = column.name;
        event.dataTransfer.setData("text/plain", column.name);
        event.dataTransfer.effectAllowed = "link";
      });
      label.addEventListener("dragend", () => (dragged = null));
    }
    const words = columns.length ? "All columns are mapped." : "The columns show once the file could be read.";
    if (!list.children.length) list.append(element("p", { className: "muted", textContent: words }));
  }

  function renderFields(mapped) {
    const list = part("fields");
    const chosen = picked("field");
    list.replaceChildren();
    for (const field of fields().filter((each) => !mapped.has(each.value))) {
      const label = pick(list, "field", field.value, element("strong", { textContent: field.value }),
        element("span", { className: "muted", textContent: field.dataset.kind }));
      label.querySelector("input").checked = field.value === chosen;
      label.addEventListener("dragover", (event) => {
        if (dragged === null) return;
        event.preventDefault();
        label.classList.add("dragged-over");
      });
      label.addEventListener("dragleave", () => label.classList.remove("dragged-over"));
      label.addEventListener("drop", (event) => {
        event.preventDefault();
        if (dragged !== null) map(dragged, field.value);
      });
    }
    const words = fields().length ? "All fields are mapped." : "The contact manager has no fields yet: add them below.";
    if (!list.children.length) list.append(element("p", { className: "muted", textContent: words }));
  }

  function renderRow(row) {
    for (const each of row.querySelectorAll(".shown")) each.remove();
    const [column, field, constant] = ["column", "field", "constant"].map((name) => input(row, name).value);
    const why = proposal?.lines.find((line) => line.column === column && line.field === field);
    const read = columns.find((each) => each.name === column);
    const missing = column && columns.length && !read;
    const first = element("span", { className: "shown" }, column || `“${constant}” for all`);
    if (missing) first.append(" ", element("span", { className: "tag warning", textContent: "Not in this file" }));
    const held = read && `${read.filled} % filled: ${samplesOf(read)}`;
    if (read) first.append(element("span", { className: "muted read", textContent: held }));
    if (why) first.append(element("span", { className: "muted why", textContent: `${why.why} ${why.sure} % sure.` }));
    const remove = element("button", { type: "button", className: "shown", textContent: "Remove" });
    remove.setAttribute("aria-label", `Remove ${column || constant} → ${field}`);
    remove.addEventListener("click", () => {
      own = true;
      const place = rows().indexOf(row);
      setRows(rows().filter((each) => each !== row));
      told.textContent = `${column || constant} is not mapped any more.`;
      (rows()[Math.min(place, rows().length - 1)]?.querySelector("button.shown") ?? part("apply")).focus();
    });
    row.cells[0].prepend(first);
    row.cells[1].prepend(element("span", { className: "shown", textContent: field }));
    row.cells[3].prepend(remove);
    input(row, "case").hidden = !column;
  }

  function render() {
    const filled = rows();
    const mapped = new Set(filled.map((row) => input(row, "column").value));
    const taken = new Set(filled.map((row) => input(row, "field").value));
    renderColumns(mapped);
    renderFields(taken);
    for (const row of body.rows) row.hidden = !isFilled(row);
    filled.forEach(renderRow);
    table.parentElement.hidden = !filled.length;
    const left = [
      ["Columns that are not imported", columns.map((each) => each.name).filter((name) => !mapped.has(name))],
      ["Fields that stay as they are", fields().map((each) => each.value).filter((name) => !taken.has(name))],
    ];
    const told = left.filter(([, names]) => names.length).map(([words, names]) => `${words}: ${names.join(", ")}.`);
    part("left").textContent = told.join(" ");
    part("key-why").textContent = proposal?.key && proposal.key === key.value ? proposal.key_why : "";
  }

  function map(column, field) {
    own = true;
    dragged = null;
    const place = [...step.querySelectorAll("[name=pick-column]")].findIndex((each) => each.value === column);
    setRows([...rows(), lineRow({ column, field })]);
    told.textContent = `${column} goes to ${field}.`;
    const rest = step.querySelectorAll("[name=pick-column]");
    (rest[Math.min(place, rest.length - 1)] ?? part("apply")).focus();
  }

  function applyPicked() {
    const [column, field] = [picked("column"), picked("field")];
    if (column === undefined || field === undefined) {
      told.textContent = "Choose a column on the left and a field on the right first.";
    } else map(column, field);
  }

  function propose() {
    setRows(proposal.lines.map(({ column, field }) => lineRow({ column, field })));
    if (proposal.key && !own_key) key.value = proposal.key;
    render();
  }

  table.classList.add("listed");
  table.tHead.rows[0].cells[3].textContent = "Remove";
  part("apply").addEventListener("click", applyPicked);
  part("propose").addEventListener("click", () => {
    own = own_key = false;
    propose();
    told.textContent = "The mapping is as it was proposed.";
  });
  part("same").addEventListener("click", () => {
    const [value, field] = [document.getElementById("same-value"), picked("field")];
    if (!value.value || field === undefined) {
      told.textContent = "Choose a field in the list of fields, and enter the value for it.";
      return;
    }
    own = true;
    setRows([...rows(), lineRow({ field, constant: value.value })]);
    told.textContent = `Every contact gets “${value.value}” as ${field}.`;
    value.value = "";
  });
  step.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    if (event.target.type === "radio") applyPicked();
    else if (event.target.id === "same-value") part("same").click();
    else return;
    event.preventDefault();
  });
  step.addEventListener("change", (event) => {
    if (event.target.name === "case") own = true;
    if (event.target === key) {
      own_key = key.value !== "";
      render();
    }
    if (event.target.name !== "pick-column" || form.elements.new_field.value) return;
    // The kind that a new field for the column would best have.
    const column = columns.find((each) => each.name === event.target.value);
    if (column) form.elements.new_kind.value = column.kind;
  });
  form.addEventListener("previewed", (event) => {
    const { mapping, columns: found } = event.detail;
    [proposal, columns] = [mapping, found];
    part("propose").hidden = !mapping.lines.length;
    if (!own) propose();
    else render();
  });
  form.addEventListener("fields", (event) => {
    const { fields: made, lines } = event.detail;
    if (!lines.length) {
      render();
      told.textContent = `The field ${made[0].name} was added.`;
      [...step.querySelectorAll("[name=pick-field]")].find((each) => each.value === made[0].name)?.click();
      return;
    }
    own = true;
    const keyLine = lines.find((line) => line.column === proposal?.key_column);
    if (!key.value && keyLine) key.value = keyLine.field;
    const mapped = new Set(lines.map((line) => line.column));
    setRows([...rows().filter((row) => !mapped.has(input(row, "column").value)), ...lines.map(lineRow)]);
    told.textContent = `${made.length === 1 ? "A field was" : `${made.length} fields were`} added and mapped.`;
  });
  setRows(rows());
}
