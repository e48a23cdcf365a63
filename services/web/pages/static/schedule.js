// Shows in words what the schedule in the form means, and its next times. Without scripts the page of the import does.
"use strict";

for (const section of document.querySelectorAll("[data-schedule]")) {
  const place = document.getElementById("schedule-preview");
  const form = section.closest("form");
  let newest = 0;
  const show = async () => {
    const fields = new URLSearchParams({ csrf: form.elements.csrf.value });
    for (const input of section.querySelectorAll("input, select")) {
      if (input.name && (!["radio", "checkbox"].includes(input.type) || input.checked)) fields.set(input.name, input.value);
    }
    const asked = ++newest;
    try {
      const answer = await ask(section.dataset.schedule, fields);
      if (answer.ok && asked === newest) place.innerHTML = await answer.text();
    } catch (error) {
      place.textContent = wordsFor(error, "");
    }
  };
  const { start, time_zone: zone } = form.elements;
  if (!start.value && zone.value === "UTC") {
    // Nobody has chosen a zone yet: take the one the person is in, where the services know it.
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if ([...zone.list.options].some((option) => option.value === here)) zone.value = here;
  }
  section.addEventListener("change", show);
  show();
}
