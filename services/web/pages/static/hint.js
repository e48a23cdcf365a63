// Lists of errors behind marks show on hover and on focus without scripts; with this also by a tap, and Escape closes them.
"use strict";

(() => {
  let pointer = "";
  let tapped = null; // the mark whose list a tap has opened

  function close() {
    tapped?.classList.remove("tapped");
    tapped = null;
  }

  document.addEventListener("pointerdown", (event) => {
    pointer = event.pointerType;
    if (tapped && !tapped.contains(event.target)) close();
  }, true);
  // The first tap shows the list; the second follows the mark to its run.
  document.addEventListener("click", (event) => {
    const hint = event.target.closest(".hint");
    if (!hint || pointer !== "touch" || event.detail === 0 || hint === tapped) return;
    event.preventDefault();
    close();
    tapped = hint;
    hint.classList.remove("closed");
    hint.classList.add("tapped");
  });
  // Closed, it stays so until the mark is left and come back to.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    close();
    for (const hint of document.querySelectorAll(".hint:is(:hover, :focus-within)")) hint.classList.add("closed");
  });
  for (const left of ["mouseout", "focusout"]) {
    document.addEventListener(left, (event) => {
      const hint = event.target.closest(".hint.closed");
      if (hint && !hint.contains(event.relatedTarget)) hint.classList.remove("closed");
    });
  }
})();
