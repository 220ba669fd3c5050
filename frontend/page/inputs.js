/** The ways a recording comes in from outside: the button, a drop, a paste. */

import { element } from "./elements.js";

/** @param {(file: File) => void} choose */
export function startInputs(choose) {
  const input = element("file", HTMLInputElement);
  const take = (/** @type {FileList | undefined | null} */ files) => files?.[0] && choose(files[0]);
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  document.addEventListener("paste", (event) => take(event.clipboardData?.files));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.dataset.drop = "over";
  });
  for (const end of /** @type {const} */ (["dragleave", "drop"])) {
    document.addEventListener(end, (event) => {
      if (end === "dragleave" && event.relatedTarget) return;
      event.preventDefault();
      delete document.body.dataset.drop;
      take(end === "drop" ? event.dataTransfer?.files : null);
    });
  }
}
