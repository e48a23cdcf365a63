// Shows runs as they go on. A page works without it: it then shows the state of when it was loaded.
"use strict";

// Browsers open few connections to one server at a time; the others wait for the next load.
const AT_ONCE = 3;

const shown = new WeakMap();

// Parts of a run's own page that change with it come from the server as they are to stand there.
function showParts(run) {
  for (const part of document.querySelectorAll(`[data-of="${run.id}"]`)) {
    const html = run.parts[part.dataset.part];
    if (shown.get(part) === html) continue;
    shown.set(part, html);
    part.innerHTML = html;
  }
}

function show(place, run) {
  const bar = place.querySelector("progress");
  if (bar) bar.value = Math.max(bar.value, run.percent);
  for (const name of ["state", "waiting", "bytes", "rows"]) {
    const element = place.querySelector(`[data-${name}]`);
    if (element) element.textContent = run[name];
  }
}

/** Show a run as it goes on wherever it stands on the page; calls `ended` once it has, `lost` where no more will come. */
function watchRun(address, places, ended, lost = () => {}) {
  const events = new EventSource(address);
  events.addEventListener("run", (event) => {
    const run = JSON.parse(event.data);
    for (const place of places()) show(place, run);
    showParts(run);
    if (run.has_ended) {
      events.close();
      ended();
    }
  });
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) lost();
  });
  return events;
}

const watched = new Set();

// A run that has ended is shown as the server tells it: in its place where the page can do that.
function ended() {
  if (document.querySelector("[data-refresh]")) refresh();
  else location.assign(location.pathname.match(/^\/runs\/[^/]+/)?.[0] ?? location.pathname + location.search);
}

function watch(part) {
  for (const place of part.querySelectorAll("[data-run]")) {
    if (watched.size >= AT_ONCE) return;
    const address = place.dataset.run;
    if (watched.has(address)) continue;
    watched.add(address);
    const places = () => document.querySelectorAll(`[data-run="${address}"]`);
    watchRun(address, places, () => {
      watched.delete(address);
      ended();
    });
  }
}

// Lists that change by themselves are asked for again while somebody looks at them, but is not at work in them.
const REFRESH_MS = 4000;

async function refresh() {
  const part = document.querySelector("[data-refresh]");
  if (document.hidden || part.contains(document.activeElement) || part.querySelector(".hint:is(:hover, .tapped)")) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    if (!fresh || part.contains(document.activeElement)) return;
    if (fresh.innerHTML !== part.dataset.seen) {
      part.dataset.seen = fresh.innerHTML;
      part.replaceChildren(...fresh.childNodes);
    }
    watch(part);
  } catch {
    // The server is away for a moment; it is asked again.
  }
}

watch(document);
if (document.querySelector("[data-refresh]")) setInterval(refresh, REFRESH_MS);
