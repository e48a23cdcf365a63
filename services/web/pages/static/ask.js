// Asks the server for parts of the page. The sign-in page is no such part: it says that the session has ended.
"use strict";

class SessionEndedError extends Error {
  constructor() {
    super("Your session has ended: sign in in another tab, then go on here.");
  }
}

/** Return the words for what went wrong. */
function wordsFor(error, otherwise) {
  return error instanceof SessionEndedError ? error.message : otherwise;
}

/** Take over the token of a session that was begun in another tab. */
async function renewToken() {
  const answer = await fetch("/");
  const home = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = home.querySelector("[name=csrf]")?.value;
  if (!token) throw new SessionEndedError();
  for (const input of document.querySelectorAll("[name=csrf]")) input.value = token;
}

/** Return the answer to a request, sent by POST if there is a `body`; SessionEndedError where nobody is signed in. */
async function ask(address, body = null) {
  let answer = await fetch(address, body ? { method: "POST", body } : {});
  if (body && answer.status === 403) {
    await renewToken();
    body.set("csrf", document.querySelector("[data-set-up] [name=csrf]").value);
    answer = await fetch(address, { method: "POST", body });
  }
  if (answer.redirected) throw new SessionEndedError();
  return answer;
}
