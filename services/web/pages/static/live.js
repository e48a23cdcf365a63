// Shows runs as they go on. A page works without it: it then shows the state of when it was loaded.
"use strict";

// Browsers open few connections to one server at a time; the others wait for the next load.
const AT_ONCE = 3;

const STATES = {
  queued: "Waiting to start",
  fetching: "Getting the file",
  staging: "Reading the rows",
  planning: "Comparing with the contacts",
  applying: "Writing the changes",
};

function size(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit += 1;
  }
  return `${unit ? bytes.toFixed(1) : bytes} ${units[unit]}`;
}

function show(place, run) {
  const set = (name, text) => {
    const element = place.querySelector(`[data-${name}]`);
    if (element) element.textContent = text;
  };
  const bar = place.querySelector("progress");
  if (bar) bar.value = Math.max(bar.value, run.progress.percent);
  set("state", STATES[run.status] || run.status);
  set("waiting", run.waiting ? run.waiting.message : "");
  set("bytes", size(run.progress.bytes));
  set("rows", run.progress.rows.toLocaleString("en"));
}

/** Show a run as it goes on, and call `ended` once it has ended. */
function watchRun(place, address, ended) {
  const events = new EventSource(address);
  events.addEventListener("run", (event) => {
    const run = JSON.parse(event.data);
    show(place, run);
    if (run.finished_at) {
      events.close();
      ended();
    }
  });
  return events;
}

for (const place of [...document.querySelectorAll("[data-run]")].slice(0, AT_ONCE)) {
  watchRun(place, place.dataset.run, () => location.reload());
}
