// Tells what is wrong with a step of a set-up, and takes it back.
"use strict";

/** Take back what was told of a step. */
function forgetErrors(section) {
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
function tellErrors(section, errors) {
  forgetErrors(section);
  const said = Object.assign(document.createElement("div"), { className: "said error", tabIndex: -1 });
  said.setAttribute("role", "alert");
  const lines = said.appendChild(document.createElement("ul"));
  let first = null;
  for (const [field, messages] of Object.entries(errors)) {
    const line = document.createElement("li");
    line.textContent = messages.join(" ");
    line.id = `said-${field.replaceAll(".", "-")}`;
    lines.append(line);
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
