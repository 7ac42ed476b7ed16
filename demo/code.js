// Copyright 2026 the Tidings authors. MIT license.

/**
 * Shows the source of each part of the page, when it is asked for.
 *
 * @module
 */

for (const details of document.querySelectorAll("details[data-part]")) {
  details.addEventListener("toggle", async () => {
    const code = details.querySelector("code");
    if (!details.open || code.textContent !== "") return;
    const response = await fetch(`code?part=${details.dataset.part}`);
    code.textContent = await response.text();
  });
}
