// Shows times in the reader's own zone. Without scripts they are in the import's, or in UTC; the zone always stands there.
"use strict";

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric" });
  const hour = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

  function localize(time) {
    if (time.dataset.local) return;
    time.dataset.local = "yes";
    const moment = new Date(time.dateTime);
    const text = `${day.format(moment)}, ${hour.format(moment)} ${zone}`;
    if (text === time.textContent) return;
    time.title = time.textContent;
    time.textContent = text;
  }

  function localizeAll(part) {
    for (const time of part.querySelectorAll("time[datetime]")) localize(time);
  }

  localizeAll(document);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) localizeAll(node);
    }
  }).observe(document.getElementById("content"), { childList: true, subtree: true });
})();
