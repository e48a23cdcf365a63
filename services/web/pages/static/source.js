// Makes it easy to say where the file lies: a name from the file's own, the protocol from the link, files dragged in.
"use strict";

for (const form of document.querySelectorAll("form[data-set-up]")) {
  const { name, link, protocol, file, upload_id: uploaded } = form.elements;
  let proposed = "";

  function proposeName(path) {
    if (name.value && name.value !== proposed) return;
    const last = path.split(/[/\\]/).at(-1).split("?")[0];
    const bare = last.replace(/(\.(csv|tsv|txt|gz|zip))+$/i, "").replace(/\{[^}]*\}|\*/g, "");
    name.value = proposed = bare.replace(/[-_. ]+$/, "").slice(0, 200);
  }

  link.addEventListener("change", () => {
    const [, scheme, rest] = link.value.trim().match(/^(sftp|https?|ftpsi?|ftp):\/\/(.*)$/is) ?? [];
    if (scheme) {
      protocol.value = scheme.toLowerCase();
      link.value = rest;
    }
    if (/[^/]\/[^/]+$/.test(link.value)) proposeName(link.value);
  });
  file.addEventListener("change", () => {
    if (file.files.length) proposeName(file.files[0].name);
  });

  // "Select from your computer to browse": by mouse at once; by keyboard the arrows only choose.
  let opening = false;
  form.querySelector("[name=source][value=upload]").closest("label").addEventListener("click", (event) => {
    if (!event.detail || opening || file.files.length || uploaded.value) return;
    opening = true; // a click on a label comes twice: the second time from its input
    setTimeout(() => (opening = false));
    file.click();
  });

  for (const place of form.querySelectorAll("[data-drop]")) {
    const hasFile = (event) => event.dataTransfer?.types.includes("Files");
    place.addEventListener("dragover", (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      place.classList.add("dragged-over");
    });
    place.addEventListener("dragleave", () => place.classList.remove("dragged-over"));
    place.addEventListener("drop", (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      place.classList.remove("dragged-over");
      const one = new DataTransfer();
      if (event.dataTransfer.files.length) one.items.add(event.dataTransfer.files[0]);
      form.querySelector("[name=source][value=upload]").checked = true;
      file.files = one.files;
      file.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}
